// A beat that goes on in a hidden tab: browsers slow down a page's own timers there, but not a worker's.
const EVERY_MS = 5000
setInterval(() => postMessage('beat'), EVERY_MS)
