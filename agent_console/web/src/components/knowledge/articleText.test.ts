// What editors type becomes what an article is, and back.
import { describe, expect, it } from 'vitest'
import { lawsOf, linesOf, textOfLaws } from './articleText'

describe('an article as text', () => {
  it('takes laws with and without their marks, and comes back the same', () => {
    const laws = [{ law: '劳动法', article: '第五十条' }, { law: '关于贯彻执行《中华人民共和国劳动法》若干问题的意见', article: '第五十九条' }]
    expect(lawsOf(textOfLaws(laws))).toEqual(laws)
    expect(lawsOf('《劳动法》第五十条\n\n《劳动法》 第四十四条')).toEqual([{ law: '劳动法', article: '第五十条' }, { law: '劳动法', article: '第四十四条' }])
    expect(lawsOf('')).toEqual([])
  })

  it('names the line that says no article', () => {
    expect(lawsOf('劳动法 第五十条\n劳动合同法')).toBe(2)
  })

  it('keeps each line once', () => {
    expect(linesOf(' 工资条 \n\n考勤\n工资条')).toEqual(['工资条', '考勤'])
  })
})
