// A directive for what surrounds Element Plus's autocomplete: its input names a list that is not there until it opens, and screen readers follow it into nothing.
import { nextTick, type Directive } from 'vue'

export const vNoControls: Directive<HTMLElement> = {
  mounted(element) {
    // The component writes the attributes in its own mounted hook, which comes after this one.
    void nextTick(() => {
      const input = element.querySelector('.el-autocomplete input')
      input?.removeAttribute('aria-controls')
      input?.removeAttribute('aria-activedescendant')
    })
  },
}
