import { describe, expect, it } from 'vitest'
import { readCsv, writeCsv } from './csv'

describe('a table as a file', () => {
  it('comes back as it was written, commas, quotes and line breaks included', () => {
    const rows = [['code', 'name'], ['1', '法律,窗口'], ['2', '他说"好"'], ['3', '两\n行'], ['4', '']]
    expect(readCsv(writeCsv(rows))).toEqual(rows)
  })

  it('is read with a byte order mark, other line ends and no last one', () => {
    expect(readCsv('\uFEFFa,b\r\n1,2\r\n\r\n3,')).toEqual([['a', 'b'], ['1', '2'], ['3', '']])
  })
})
