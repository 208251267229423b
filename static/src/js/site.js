// On every page: sends what waits on this phone, and lets the site open without a network.

import { begin } from "./outbox/sending.js";

// A page from the phone's own store was made for nobody: it gets the reader's look here.
const look = Object.fromEntries(document.cookie.split("; ").map((one) => one.split("=")));
if (look.kinder_theme) document.documentElement.dataset.theme ||= look.kinder_theme;
if (look.kinder_text) document.documentElement.dataset.text ||= look.kinder_text;

begin();
