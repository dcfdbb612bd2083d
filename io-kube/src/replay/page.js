"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const LANES = ["input", "action", "fault", "condition", "storage"];
  const NAMES = { input: "inputs", action: "actions", fault: "faults", condition: "conditions", storage: "storage" };
  const ROW = 24;
  const entries = data.entries;
  for (const entry of entries) entry.find = `${entry.s} ${entry.k} ${entry.r || ""} ${entry.p}`.toLowerCase();

  const state = { shown: [], at: -1, hidden: new Set(), text: "", release: "", kind: "", from: 0, to: 1, playing: null };
  const end = entries.length ? entries[entries.length - 1].t : 1;
  const whole = () => { const pad = Math.max(end * 0.012, 0.5); return [-pad, end + pad]; };
  [state.from, state.to] = whole();

  // --- Small helpers ------------------------------------------------------------------------------------------------

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const clamp = (value, least, most) => Math.max(least, Math.min(most, value));
  const moment = (t) => `+${(t / 1000).toFixed(3)}s`;
  const clock = (t) => new Date(data.began + t).toISOString().replace("T", " ").replace("Z", " UTC");
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const named = (name) => style.getPropertyValue(`--${name}`).trim();
    const found = { text: named("text"), faint: named("faint"), line: named("line"), accent: named("accent"), panel: named("panel") };
    for (const lane of LANES) found[lane] = named(lane);
    return found;
  };

  // --- Filter -------------------------------------------------------------------------------------------------------

  function filter() {
    const chosen = current();
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    state.shown = [];
    entries.forEach((entry, index) => {
      const fits = !state.hidden.has(entry.l) && (!state.release || entry.r === state.release) &&
        (!state.kind || entry.k === state.kind) && words.every((word) => entry.find.includes(word));
      if (fits) state.shown.push(index);
    });
    const same = chosen === null ? -1 : state.shown.findIndex((index) => index >= chosen);
    state.at = state.shown.length === 0 ? -1 : same < 0 ? (chosen === null ? 0 : state.shown.length - 1) : same;
    $("tall").style.height = `${state.shown.length * ROW}px`;
    $("count").textContent = state.shown.length === entries.length ? `${entries.length} entries`
      : `${state.shown.length} of ${entries.length} entries`;
    show();
  }
  const current = () => (state.at < 0 || state.at >= state.shown.length ? null : state.shown[state.at]);

  // --- List: only the rows that can be seen exist -------------------------------------------------------------------

  function rows() {
    const list = $("list"), first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
    const count = Math.ceil(list.clientHeight / ROW) + 10;
    const made = document.createDocumentFragment();
    for (let at = first; at < Math.min(first + count, state.shown.length); at++) {
      const entry = entries[state.shown[at]];
      const row = element("div", `row ${entry.l}${at === state.at ? " chosen" : ""}`);
      row.style.setProperty("--colour", `var(--${entry.l})`);
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(at === state.at));
      row.dataset.at = String(at);
      row.append(element("time", "", moment(entry.t)), element("i"), element("b", "", entry.k),
        element("span", "who", entry.r || "all"), element("span", "what", entry.s));
      row.title = entry.s;
      made.append(row);
    }
    $("rows").style.transform = `translateY(${first * ROW}px)`;
    $("rows").replaceChildren(made);
  }
  function reveal() {
    const list = $("list"), top = state.at * ROW;
    if (state.at < 0) return;
    const margin = Math.min(3 * ROW, list.clientHeight / 4);
    if (top - margin < list.scrollTop) list.scrollTop = top - margin;
    if (top + ROW + margin > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW + margin - list.clientHeight;
  }

  // --- Details ------------------------------------------------------------------------------------------------------

  function json(value) {
    const block = element("pre");
    const text = JSON.stringify(value, null, 2) || "null";
    const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b/g;
    let last = 0;
    for (const found of text.matchAll(token)) {
      block.append(text.slice(last, found.index));
      block.append(element("span", found[2] ? "key" : found[1] ? "string" : "other", found[1] || found[0]));
      if (found[2]) block.append(found[2]);
      last = found.index + found[0].length;
    }
    block.append(text.slice(last));
    return block;
  }
  function details() {
    const pane = $("details"), at = current();
    pane.replaceChildren();
    if (data.notes.length) {
      const box = element("div", "notes");
      data.notes.forEach((note) => box.append(element("div", "", note)));
      pane.append(box);
    }
    if (at === null) {
      pane.append(element("div", "empty", entries.length ? "Nothing fits the filter." : "The recording is empty."));
      return;
    }
    const entry = entries[at];
    pane.style.setProperty("--colour", `var(--${entry.l})`);
    pane.append(element("h2", "", entry.k), element("p", "", entry.s));
    const list = element("dl");
    const rows = [["Time", `${moment(entry.t)} · ${clock(entry.t)}`], ["Release", entry.r || "all"], ["Lane", NAMES[entry.l]],
      ["Afterwards", entry.p]];
    for (const [name, value] of rows) if (value) list.append(element("dt", "", name), element("dd", "", value));
    pane.append(list, json(entry.d));
    if (!data.verdict.equal && at === entries.length - 1) pane.append(divergence());
    pane.scrollTop = 0;
  }
  function divergence() {
    const box = element("div");
    box.append(element("h2", "minus", data.verdict.text));
    for (const one of data.verdict.differences || []) {
      const block = element("pre");
      block.append(element("b", "", one.path), "\n", element("span", "minus", `- ${one.expected ?? "(absent)"}`), "\n",
        element("span", "plus", `+ ${one.got ?? "(absent)"}`));
      box.append(block);
    }
    return box;
  }

  // --- Timeline -----------------------------------------------------------------------------------------------------

  const canvas = $("canvas"), pen = canvas.getContext("2d");
  const LEFT = 104, TOP = 10, AXIS = 26;
  const geometry = () => {
    const width = canvas.clientWidth, height = canvas.clientHeight;
    const lanes = LANES.filter((lane) => !state.hidden.has(lane));
    return { width, height, lanes, lane: (height - TOP - AXIS) / Math.max(1, lanes.length), span: width - LEFT - 14 };
  };
  const x = (t, g) => LEFT + ((t - state.from) / (state.to - state.from)) * g.span;
  const steps = [0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5,
    72e5, 216e5, 864e5];
  const label = (t, step) => (step >= 6e4 ? `${(t / 6e4).toFixed(step < 6e5 ? 1 : 0)} min`
    : step >= 1000 ? `${(t / 1000).toFixed(0)} s` : step >= 10 ? `${(t / 1000).toFixed(2)} s` : `${t.toFixed(2)} ms`);

  function draw() {
    const g = geometry(), scale = window.devicePixelRatio || 1, colour = colours();
    if (!g.width) return;
    if (canvas.width !== Math.round(g.width * scale) || canvas.height !== Math.round(g.height * scale)) {
      canvas.width = Math.round(g.width * scale);
      canvas.height = Math.round(g.height * scale);
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, g.width, g.height);
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.textBaseline = "middle";
    axis(g, colour);
    g.lanes.forEach((lane, at) => {
      const y = TOP + at * g.lane + g.lane / 2;
      pen.fillStyle = colour[lane];
      pen.textAlign = "left";
      pen.fillText(NAMES[lane], 14, y);
      pen.strokeStyle = colour.line;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(LEFT, Math.round(y) + 0.5);
      pen.lineTo(g.width - 14, Math.round(y) + 0.5);
      pen.stroke();
    });
    marks(g, colour);
    cursor(g, colour);
  }
  function axis(g, colour) {
    const step = steps.find((one) => ((state.to - state.from) / one) * 84 < g.span) || steps[steps.length - 1];
    pen.textAlign = "center";
    pen.lineWidth = 1;
    for (let t = Math.ceil(state.from / step) * step; t <= state.to; t += step) {
      const at = Math.round(x(t, g)) + 0.5;
      pen.strokeStyle = colour.line;
      pen.beginPath();
      pen.moveTo(at, TOP);
      pen.lineTo(at, g.height - AXIS);
      pen.stroke();
      pen.fillStyle = colour.faint;
      pen.fillText(label(t, step), at, g.height - AXIS / 2);
    }
  }
  // Marks that fall onto the same pixel are one, the taller the more there are.
  function marks(g, colour) {
    const columns = new Map();
    for (const index of state.shown) {
      const entry = entries[index];
      if (entry.t < state.from || entry.t > state.to) continue;
      const key = `${entry.l} ${Math.round(x(entry.t, g) / 2) * 2}`;
      columns.set(key, (columns.get(key) || 0) + 1);
    }
    for (const [key, count] of columns) {
      const [lane, at] = key.split(" ");
      const y = TOP + g.lanes.indexOf(lane) * g.lane + g.lane / 2;
      const tall = clamp(5 + 4 * Math.log2(1 + count), 7, g.lane - 6);
      pen.fillStyle = colour[lane];
      pen.globalAlpha = lane === "input" || lane === "action" ? 0.75 : 1;
      pen.beginPath();
      pen.roundRect(Number(at) - 1.5, y - tall / 2, 3, tall, 1.5);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }
  function cursor(g, colour) {
    const at = current();
    if (at === null) return;
    const entry = entries[at], place = x(entry.t, g);
    if (place < LEFT - 2 || place > g.width) return;
    pen.strokeStyle = colour.accent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(place, TOP - 4);
    pen.lineTo(place, g.height - AXIS + 4);
    pen.stroke();
    const y = TOP + g.lanes.indexOf(entry.l) * g.lane + g.lane / 2;
    pen.fillStyle = colour[entry.l];
    pen.strokeStyle = colour.panel;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(place, y, 6, 0, 7);
    pen.fill();
    pen.stroke();
  }
  // The shown entry that lies nearest to a point, in its lane if there is one near.
  function nearest(event) {
    const g = geometry(), box = canvas.getBoundingClientRect();
    const px = event.clientX - box.left, lane = g.lanes[Math.floor((event.clientY - box.top - TOP) / g.lane)];
    let best = -1, least = 14;
    state.shown.forEach((index, at) => {
      const entry = entries[index], away = Math.abs(x(entry.t, g) - px) + (entry.l === lane ? 0 : 7);
      if (away < least) [best, least] = [at, away];
    });
    return best;
  }

  // --- Stepping -----------------------------------------------------------------------------------------------------

  function go(at) {
    if (!state.shown.length) return;
    state.at = clamp(at, 0, state.shown.length - 1);
    const t = entries[current()].t, span = state.to - state.from;
    if (t < state.from || t > state.to) [state.from, state.to] = [t - span / 2, t + span / 2];
    reveal();
    show();
  }
  function seek(lane) {
    for (let at = state.at + 1; at < state.shown.length; at++) {
      if (entries[state.shown[at]].l === lane) return go(at);
    }
  }
  function play() {
    if (state.playing) {
      clearInterval(state.playing);
      state.playing = null;
    } else {
      state.playing = setInterval(() => (state.at + 1 < state.shown.length ? go(state.at + 1) : play()), 120);
    }
    $("play").textContent = state.playing ? "pause" : "play";
  }
  function show() {
    const total = state.shown.length;
    $("position").textContent = total ? `${state.at + 1} / ${total} · ${moment(entries[current()].t)}` : "0 / 0";
    $("first").disabled = $("previous").disabled = state.at <= 0;
    $("last").disabled = $("next").disabled = state.at + 1 >= total;
    const later = (lane) => state.shown.slice(state.at + 1).some((index) => entries[index].l === lane);
    $("fault").disabled = !later("fault");
    $("condition").disabled = !later("condition");
    rows();
    details();
    draw();
  }
  function zoom(factor, around) {
    const least = 0.02, [first, last] = whole();
    const span = clamp((state.to - state.from) * factor, least, last - first);
    const share = (around - state.from) / (state.to - state.from);
    move(around - span * share, span);
  }
  function move(from, span) {
    const [first, last] = whole();
    state.from = clamp(from, first, Math.max(first, last - span));
    state.to = state.from + span;
    draw();
  }

  // --- Wiring -------------------------------------------------------------------------------------------------------

  function choices(id, all, values, set) {
    const box = $(id);
    box.append(new Option(all, ""));
    values.forEach(([value, count]) => box.append(new Option(`${value} (${count})`, value)));
    box.addEventListener("change", () => { set(box.value); filter(); reveal(); rows(); });
  }
  function counted(field) {
    const counts = new Map();
    entries.forEach((entry) => { if (entry[field]) counts.set(entry[field], (counts.get(entry[field]) || 0) + 1); });
    return [...counts].sort(([one], [two]) => (one < two ? -1 : 1));
  }
  function head() {
    $("name").textContent = data.recordings.length > 1 ? `${data.recordings.length} recordings from ${data.title}` : data.title;
    document.title = `${data.title} · Pilothouse replay`;
    const first = data.recordings[0];
    if (first) $("began").textContent = `pilothouse ${first.command} ${first.pilothouse}, from ${first.began}`;
    const verdict = $("verdict");
    verdict.textContent = data.verdict.text || "";
    verdict.className = data.verdict.equal ? "good" : "bad";
    if (!data.verdict.equal) verdict.addEventListener("click", () => go(state.shown.length - 1));
    const counts = new Map(counted("l"));
    LANES.forEach((lane) => {
      const button = element("button", "lane", `${NAMES[lane]} ${counts.get(lane) || 0}`);
      button.style.setProperty("--colour", `var(--${lane})`);
      button.dataset.lane = lane;
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const hide = !state.hidden.has(lane);
        if (hide) state.hidden.add(lane); else state.hidden.delete(lane);
        button.setAttribute("aria-pressed", String(!hide));
        filter();
        reveal();
        rows();
      });
      $("lanes").append(button);
    });
  }
  function theme(name) {
    document.documentElement.dataset.theme = name;
    draw();
  }
  const keys = {
    ArrowRight: () => go(state.at + 1), j: () => go(state.at + 1), ArrowDown: () => go(state.at + 1),
    ArrowLeft: () => go(state.at - 1), k: () => go(state.at - 1), ArrowUp: () => go(state.at - 1),
    PageDown: () => go(state.at + 20), PageUp: () => go(state.at - 20),
    Home: () => go(0), End: () => go(state.shown.length - 1),
    f: () => seek("fault"), c: () => seek("condition"), " ": play, "0": () => $("whole").click(),
    "+": () => zoom(0.6, centre()), "-": () => zoom(1 / 0.6, centre()), t: () => $("theme").click(),
    "/": () => $("text").focus(),
  };
  const centre = () => (current() === null ? (state.from + state.to) / 2 : entries[current()].t);
  document.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT"].includes(event.target.tagName);
    if (event.key === "Escape") { $("text").value = state.text = ""; $("list").focus(); filter(); return; }
    if (event.key === "Enter" && event.target === $("text")) { $("list").focus(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    event.preventDefault();
    $("tip").hidden = true;
    keys[event.key]();
  });
  const click = (id, action) => $(id).addEventListener("click", action);
  click("first", keys.Home); click("previous", keys.ArrowLeft); click("next", keys.ArrowRight); click("last", keys.End);
  click("fault", keys.f); click("condition", keys.c); click("play", play);
  click("whole", () => { [state.from, state.to] = whole(); draw(); });
  click("theme", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  $("text").addEventListener("input", (event) => { state.text = event.target.value; filter(); reveal(); rows(); });
  $("list").addEventListener("scroll", rows);
  $("rows").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) go(Number(row.dataset.at));
  });
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, from: state.from, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const g = geometry(), span = state.to - state.from, tip = $("tip");
    if (drag) {
      const by = event.clientX - drag.x;
      drag.moved = drag.moved || Math.abs(by) > 3;
      if (drag.moved) move(drag.from - (by / g.span) * span, span);
      tip.hidden = true;
      return;
    }
    const at = nearest(event);
    tip.hidden = at < 0;
    if (at < 0) return;
    const entry = entries[state.shown[at]];
    tip.textContent = `${moment(entry.t)}  ${entry.k}  ${entry.s.slice(0, 220)}`;
    const left = event.clientX - canvas.getBoundingClientRect().left;
    tip.style.left = `${clamp(left + 12, 0, g.width - Math.min(460, tip.offsetWidth) - 4)}px`;
    tip.style.top = `${event.clientY - canvas.getBoundingClientRect().top + 14}px`;
  });
  canvas.addEventListener("pointerup", (event) => {
    const moved = drag && drag.moved;
    drag = null;
    const at = nearest(event);
    if (!moved && at >= 0) go(at);
  });
  canvas.addEventListener("pointerleave", () => { $("tip").hidden = true; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const g = geometry(), box = canvas.getBoundingClientRect();
    const around = state.from + ((event.clientX - box.left - LEFT) / g.span) * (state.to - state.from);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(state.from + (event.deltaX / g.span) * (state.to - state.from), state.to - state.from);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, around);
  }, { passive: false });
  new ResizeObserver(() => { rows(); draw(); }).observe(document.body);

  head();
  choices("release", "All releases", counted("r"), (value) => { state.release = value; });
  choices("kind", "All kinds", counted("k"), (value) => { state.kind = value; });
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  filter();
  $("list").focus();
})();
