#!/usr/bin/env node
// The page of `pilothouse replay --html` in a real browser: no errors, stepping, filters, colour schemes.
//
//   page.mjs PAGE [FOLDER]    FOLDER is for screenshots
//
// Needs Node 18 or later and Chromium: CHROMIUM, or chromium in the PATH. The last line is "N passed, N failed".
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Chromium by its DevTools protocol, over a pipe: messages end with a zero byte. */
class Browser {
  constructor() {
    this.profile = mkdtempSync(join(tmpdir(), 'pilothouse-page-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-pipe', '--no-first-run',
      `--user-data-dir=${this.profile}`, '--window-size=1440,900'];
    this.process = spawn(process.env.CHROMIUM || 'chromium', flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.process.on('error', (error) => { console.log(`no browser: ${error.message}\n0 passed, 1 failed`); process.exit(1); });
    this.number = 0;
    this.waiting = new Map();
    this.troubles = [];
    let buffer = '';
    this.process.stdio[4].on('data', (part) => {
      buffer += part;
      const messages = buffer.split('\0');
      buffer = messages.pop();
      messages.forEach((text) => this.hear(JSON.parse(text)));
    });
  }

  hear(message) {
    if (message.id) {
      const { resolve: done, reject } = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error) reject(new Error(message.error.message)); else done(message.result);
    }
    const { method, params } = message;
    if (method === 'Runtime.exceptionThrown') this.troubles.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(params.type)) this.troubles.push(JSON.stringify(params.args));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.troubles.push(`${params.entry.text} ${params.entry.url || ''}`);
    if (method === 'Network.requestWillBeSent' && !/^(file|data):/.test(params.request.url)) this.troubles.push(`asks for ${params.request.url}`);
    if (method === 'Page.loadEventFired') this.loaded?.();
  }

  send(method, params = {}) {
    const id = ++this.number;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: method.startsWith('Browser.') ? undefined : this.session })}\0`);
    return new Promise((done, reject) => this.waiting.set(id, { resolve: done, reject }));
  }

  async open(path) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    ({ sessionId: this.session } = await this.send('Target.attachToTarget', { targetId, flatten: true }));
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
    await this.size(1440, 900);
    const loaded = new Promise((done) => { this.loaded = done; });
    await this.send('Page.navigate', { url: pathToFileURL(resolve(path)).href });
    await loaded;
    await this.rest();
  }

  size(width, height) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  rest() {
    return this.run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))');
  }

  async run(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  async key(key, code = key) {
    const text = key.length === 1 ? key : undefined;
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code, text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code });
    await this.rest();
  }

  async click(x, y) {
    for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: type === 'mouseMoved' ? 'none' : 'left', clickCount: 1 });
    }
    await this.rest();
  }

  async wheel(x, y, deltaY) {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY });
    await this.rest();
  }

  async shoot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    const ended = new Promise((done) => this.process.on('exit', done));
    await this.send('Browser.close').catch(() => this.process.kill());
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const text = (id) => `document.getElementById('${id}').textContent`;
const position = `Number(${text('position')}.split(' / ')[0])`;
const total = `Number(${text('position')}.split(' / ')[1].split(' ')[0])`;

const CHECKS = {
  'entries, lanes and a verdict are there': async (browser, is) => {
    is(await browser.run(`${total} > 0`), true, 'entries');
    is(await browser.run(`document.querySelectorAll('#lanes button').length`), 5, 'lanes');
    is(/equal|diverged/.test(await browser.run(text('verdict'))), true, 'verdict');
    is(await browser.run(`document.querySelector('#canvas').width > 1000`), true, 'canvas');
    is(await browser.run(`(() => { const c = document.querySelector('#canvas'), p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      return p.some((byte) => byte > 0); })()`), true, 'something is drawn');
  },
  'keys and buttons step': async (browser, is) => {
    await browser.key('Home');
    is(await browser.run(position), 1, 'first');
    await browser.key('ArrowRight');
    await browser.key('j');
    is(await browser.run(position), 3, 'after two steps');
    await browser.run(`document.getElementById('previous').click()`);
    is(await browser.run(position), 2, 'after one back');
    await browser.key('End');
    is(await browser.run(`${position} === ${total}`), true, 'last');
    is(await browser.run(`document.getElementById('next').disabled`), true, 'no next one');
    is(await browser.run(`document.querySelectorAll('.row.chosen').length`), 1, 'the chosen row can be seen');
    await browser.key('Home');
    await browser.key('c');
    is(await browser.run(`document.querySelector('.row.chosen').classList.contains('condition')`), true, 'a condition');
    is(await browser.run(`document.querySelector('#details pre').textContent.includes('lastTransitionTime')`), true, 'its details');
  },
  'only what can be seen is there': async (browser, is) => {
    is(await browser.run(`document.querySelectorAll('.row').length <= 60`), true, 'rows');
  },
  'filters': async (browser, is) => {
    const all = await browser.run(total);
    await browser.key('/');
    for (const letter of 'ready=true') await browser.key(letter);
    is(await browser.run(`document.getElementById('text').value`), 'ready=true', 'what was typed');
    const some = await browser.run(total);
    is(some > 0 && some < all, true, `${some} of ${all}`);
    is(await browser.run(`[...document.querySelectorAll('.row .what')].every((row) => row.textContent.toLowerCase().includes('ready=true'))`), true, 'rows fit');
    await browser.key('Escape');
    is(await browser.run(total), all, 'without it');
    await browser.run(`document.querySelector('[data-lane=action]').click()`);
    is(await browser.run(`document.querySelectorAll('.row.action').length`), 0, 'no actions');
    await browser.run(`document.querySelector('[data-lane=action]').click()`);
    await browser.run(`(() => { const box = document.getElementById('kind'); box.value = 'Patch'; box.dispatchEvent(new Event('change')); })()`);
    is(await browser.run(`[...document.querySelectorAll('.row b')].every((kind) => kind.textContent === 'Patch')`), true, 'one kind');
    await browser.run(`(() => { const box = document.getElementById('kind'); box.value = ''; box.dispatchEvent(new Event('change')); })()`);
    await browser.run(`(() => { const box = document.getElementById('release'); box.selectedIndex = 1; box.dispatchEvent(new Event('change')); })()`);
    is(await browser.run(`new Set([...document.querySelectorAll('.row .who')].map((who) => who.textContent)).size`), 1, 'one release');
    await browser.run(`(() => { const box = document.getElementById('release'); box.value = ''; box.dispatchEvent(new Event('change')); })()`);
    is(await browser.run(total), all, 'everything again');
  },
  'the timeline is clicked and zoomed': async (browser, is) => {
    await browser.key('End');
    const box = await browser.run(`(() => { const b = document.getElementById('canvas').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()`);
    for (let share = 0.1; share < 1 && await browser.run(`${position} === ${total}`); share += 0.002) {
      await browser.click(box[0] + 104 + share * (box[2] - 118), box[1] + 40);
    }
    is(await browser.run(`${position} < ${total}`), true, 'another entry is chosen');
    await browser.wheel(box[0] + box[2] / 2, box[1] + 60, -240);
    await browser.key('0');
  },
  'both colour schemes': async (browser, is) => {
    const back = `getComputedStyle(document.body).backgroundColor`;
    const one = await browser.run(back);
    await browser.key('t');
    is(await browser.run(back) !== one, true, 'another background');
    await browser.key('t');
    is(await browser.run(back), one, 'the first one again');
  },
  'thousands of entries stay quick': async (browser, is) => {
    const spent = await browser.run(`new Promise((done) => {
      const began = performance.now();
      for (let i = 0; i < 20; i++) document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
      requestAnimationFrame(() => done(performance.now() - began));
    })`);
    console.log(`twenty steps took ${spent.toFixed(0)} ms with ${await browser.run(total)} entries`);
    is(spent < 2000, true, `twenty steps in ${spent} ms`);
  },
  'nothing was complained about, nothing asked for': async (browser, is) => is(browser.troubles.join('; '), '', 'troubles'),
};

const [page, folder] = process.argv.slice(2);
const browser = new Browser();
let passed = 0, failed = 0;
try {
  await browser.open(page);
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(browser, (got, wanted, what) => {
        if (got !== wanted) throw new Error(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
      });
      passed++;
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}: ${error.message}`);
    }
  }
  if (folder) {
    await browser.key('Home');
    for (let i = 0; i < 6; i++) await browser.key('c');
    await browser.shoot(join(folder, 'replay-light.png'));
    await browser.key('t');
    await browser.run(`document.getElementById('fault').disabled || document.getElementById('fault').click()`);
    await browser.rest();
    await browser.shoot(join(folder, 'replay-dark.png'));
    await browser.size(760, 900);
    await browser.rest();
    await browser.shoot(join(folder, 'replay-narrow.png'));
  }
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
