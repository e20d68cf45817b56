// Strict TypeScript, and Vue's recommended rules; formatting is no business of a linter.
import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['node_modules/**', 'src/api/types.gen.ts'] },
  ...ts.configs.strict,
  ...vue.configs['flat/essential'],
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-alert': 'error',
      'no-eval': 'error',
      // Pages are named for what they show; one word is often the right one.
      'vue/multi-word-component-names': 'off',
      'vue/no-v-html': 'error',
      // The form is one reactive object shared with its draft; replacing it would be the fault.
      'vue/no-mutating-props': ['error', { shallowOnly: true }],
    },
  },
  { files: ['scripts/**'], rules: { 'no-console': 'off' } },
)
