// A title that overrides the page's own for a while, such as a ringing call in a hidden tab.
import { ref } from 'vue'

export const pageTitle = ref('')
