// The demonstration's page: shows what the server says is there, and says what the person does.
'use strict';

const $ = (id) => document.getElementById(id);
const make = (tag, properties = {}, ...content) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
};
const clock = (unix) => new Date(unix * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const spaced = (code) => code.replace(/^(\d{3})(\d{3})$/, '$1 $2');

let room = null;
let opened = 0;
const read = new Set();

/* What the person does. */

async function act(deed, text = '') {
  const response = await fetch(`do/${deed}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  if (response.status === 204) return '';
  const said = await response.json().catch(() => ({}));
  if (!response.ok) return said.error || 'That did not work.';
  // Support sits elsewhere, and knows nothing of this page.
  if (said.address) window.open(said.address, '_blank', 'noopener');
  return '';
}

async function actAndShow(deed, text, place) {
  place.textContent = await act(deed, text).catch(() => 'The demonstration does not answer. Does it still run?');
  return place.textContent === '';
}

for (const button of document.querySelectorAll('[data-do]')) {
  button.addEventListener('click', () => actAndShow(button.dataset.do, '', $('fault-error')));
}
$('console').addEventListener('click', () => actAndShow('console', '', $('fault-error')));
for (const key of '123456789*0#') {
  const button = make('button', { type: 'button', textContent: key });
  button.addEventListener('click', () => press(key));
  $('keypad').append(button);
}
$('telephone').addEventListener('keydown', (event) => {
  const typing = event.target.closest('[role="tab"]') === null;
  if (typing && !event.ctrlKey && !event.metaKey && !event.altKey && /^[0-9*#]$/.test(event.key)) press(event.key);
});
function press(key) {
  if (room?.call?.phase === 'answered') actAndShow('press', key, $('fault-error'));
}
for (const choice of document.querySelectorAll('[name="next-call"]')) {
  choice.addEventListener('change', () => actAndShow('next-call', choice.value, $('fault-error')));
}
$('lose').addEventListener('click', () => {
  const lost = room?.apps.some((app) => app.lost);
  actAndShow(lost ? 'find-app' : 'lose-app', '', $('scan-error'));
});
$('scan').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (await actAndShow('add-device', $('secret').value, $('scan-error'))) $('secret').value = '';
});
const app = $('app');
app.addEventListener('dragover', (event) => { event.preventDefault(); app.classList.add('over'); });
app.addEventListener('dragleave', () => app.classList.remove('over'));
app.addEventListener('drop', (event) => {
  event.preventDefault();
  app.classList.remove('over');
  const text = event.dataTransfer.getData('text/uri-list') || event.dataTransfer.getData('text/plain');
  $('secret').value = text.trim();
  $('scan').requestSubmit();
});

/* What can be dragged into a field, also of the portal. */
function canBeDragged(element, text) {
  element.draggable = true;
  element.addEventListener('dragstart', (event) => event.dataTransfer.setData('text/plain', text));
}

/* The two browsers. */

$('portal-home').addEventListener('click', () => { if (room) openHere('/'); });
function openHere(path) {
  $('portal').src = room.portal + path;
  $('computer').scrollIntoView({ block: 'nearest' });
}
function openOnPhone(path) {
  $('phone-frame').src = `${room.browser}?to=${encodeURIComponent(path)}`;
  $('phone-frame').hidden = false;
  $('phone-empty').hidden = true;
  select($('tab-browser'));
  $('telephone').scrollIntoView({ block: 'nearest' });
}
const tabs = [$('tab-calls'), $('tab-browser')];
function select(chosen) {
  for (const tab of tabs) {
    const selected = tab === chosen;
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
    $(tab.getAttribute('aria-controls')).hidden = !selected;
  }
}
for (const tab of tabs) {
  tab.addEventListener('click', () => select(tab));
  tab.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = tabs[1 - tabs.indexOf(tab)];
    select(other);
    other.focus();
  });
}

/* The mailbox. */

function drawMails() {
  const list = $('mails');
  const numbers = room.mails.map((mail) => `${mail.number}${read.has(mail.number)}${mail.number === opened}`).join();
  const unread = room.mails.filter((mail) => !read.has(mail.number)).length;
  $('unread').textContent = unread ? `${unread} unread` : '';
  if (list.dataset.shown === numbers) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.number : null;
  list.dataset.shown = numbers;
  list.replaceChildren(...room.mails.map((mail) => {
    const button = make('button', { type: 'button' }, make('b', {}, mail.subject), make('small', {}, `${mail.from.replace(/ <.*/, '')}, ${clock(mail.received_at)}`));
    button.dataset.number = mail.number;
    button.classList.toggle('unread', !read.has(mail.number));
    if (mail.number === opened) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => openMail(mail.number));
    return make('li', {}, button);
  }));
  if (focused) list.querySelector(`[data-number="${focused}"]`)?.focus();
}

const wording = { link: 'Open the link', veto: 'Not you?' };

async function openMail(number) {
  opened = number;
  read.add(number);
  drawMails();
  const response = await fetch(`mail/${number}`);
  if (!response.ok || opened !== number) return;
  const mail = await response.json();
  const content = [
    make('h3', {}, mail.subject),
    make('p', { className: 'quiet' }, `From ${mail.from} to ${mail.to}, ${clock(mail.received_at)}`),
  ];
  for (const link of mail.links) {
    const what = wording[link.kind] ?? `Open ${link.path}`;
    const [here, there] = [`${what} in the browser`, `${what} on the phone`];
    const first = make('button', { type: 'button', className: link.kind === 'link' ? 'primary' : '', ariaLabel: here }, 'in the browser');
    const second = make('button', { type: 'button', ariaLabel: there }, 'on the phone');
    first.addEventListener('click', () => openHere(link.path));
    second.addEventListener('click', () => openOnPhone(link.path));
    content.push(make('p', { className: 'row' }, make('span', {}, what), first, second));
  }
  if (mail.html) {
    const frame = make('iframe', { title: 'The mail as it looks', src: `mail/${number}/html` });
    // No script runs in it; the page may look into it to follow its links.
    frame.sandbox = 'allow-same-origin';
    frame.addEventListener('load', () => followLinks(frame));
    content.push(frame);
  } else {
    content.push(make('pre', {}, mail.text));
  }
  $('mail').replaceChildren(...content);
}

function followLinks(frame) {
  const inside = frame.contentDocument;
  if (inside) frame.style.height = `${inside.documentElement.scrollHeight}px`;
  inside?.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (!link) return;
    event.preventDefault();
    if (link.href.startsWith(`${room.portal}/`)) openHere(link.href.slice(room.portal.length));
  });
}

/* The telephone. */

function drawCall() {
  const call = room.call;
  const phase = call?.phase ?? 'none';
  const ringing = phase === 'ringing';
  $('telephone').classList.toggle('ringing', ringing);
  const says = {
    none: 'No call',
    ringing: `${call?.caller} is calling`,
    unheard: `${call?.caller} is calling, and nobody hears it`,
    answered: `On the line with ${call?.caller}`,
    ended: 'No call',
  }[phase];
  if ($('call').textContent !== says) $('call').textContent = says;
  const sound = `${call?.heard_seconds.toFixed(0)} s of sound, ${call?.speech_seconds.toFixed(1)} s of it speech`;
  $('call-more').textContent = {
    none: '', ringing: '', unheard: '',
    answered: `${call?.speaking ? 'The voice speaks. ' : ''}${sound}`,
    ended: `Last call: ${call?.ending}${call?.heard_seconds ? `; ${sound}` : ''}`,
  }[phase];
  $('pressed').textContent = phase === 'answered' ? call.pressed : '';
  for (const button of document.querySelectorAll('#incoming button')) button.disabled = !ringing;
  $('incoming').hidden = phase === 'answered';
  $('on-the-line').hidden = phase !== 'answered';
  for (const button of document.querySelectorAll('#keypad button')) button.disabled = phase !== 'answered';
  if (ringing && phase !== drawCall.before) select($('tab-calls'));
  if (phase !== drawCall.before) ring(ringing);
  drawCall.before = phase;
}

/* Sound: what comes in on the line, and the bell. Only when asked for. */

let audio = null;
let line = null;
let playAt = 0;
let bell = null;

$('sound').addEventListener('click', () => {
  if (audio) {
    line.close();
    audio.close();
    audio = line = null;
  } else {
    audio = new AudioContext();
    line = new EventSource('sound');
    line.addEventListener('sound', (event) => play(event.data));
  }
  $('sound').setAttribute('aria-pressed', String(audio !== null));
  ring(room?.call?.phase === 'ringing');
});

function play(base64) {
  if (!audio) return;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const samples = new Int16Array(bytes.buffer);
  const buffer = audio.createBuffer(1, samples.length, 8000);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  const source = audio.createBufferSource();
  source.buffer = buffer;
  source.connect(audio.destination);
  // A little ahead, so that what comes late is not heard as a crackle.
  playAt = Math.max(playAt, audio.currentTime + 0.15);
  source.start(playAt);
  playAt += buffer.duration;
}

function ring(on) {
  clearInterval(bell);
  bell = null;
  if (!on || !audio) return;
  const strike = () => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 440;
    volume.gain.value = 0.08;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.9);
  };
  strike();
  bell = setInterval(() => { if (audio) strike(); }, 3000);
}

/* The rest. */

function drawApp() {
  const shown = JSON.stringify(room.apps);
  if ($('devices').dataset.shown === shown) return;
  $('devices').dataset.shown = shown;
  $('devices').replaceChildren(...room.apps.map((device) => {
    const [before, now, next] = device.codes;
    const name = make('span', {}, device.name);
    if (!now) return make('li', {}, name, make('span', {}, 'lost'), make('small', {}, 'out of reach, and its codes with it'));
    const shown = [[now, 'code'], [before, ''], [next, '']].map(([code, className]) => {
      const span = make('span', { className }, spaced(code));
      canBeDragged(span, code);
      return span;
    });
    return make('li', {}, name, shown[0], make('small', {}, 'before ', shown[1], ', next ', shown[2]));
  }));
  $('lose').textContent = room.apps.some((device) => device.lost) ? 'Find the old phone' : 'Lose the old phone';
}

let codesUntil = 0;
setInterval(() => {
  const left = Math.max(0, Math.ceil((codesUntil - Date.now()) / 1000));
  $('seconds').textContent = room ? `${left} s` : '';
}, 1000);

function drawNews() {
  const news = room.news.join('\n');
  if ($('news').dataset.shown === news) return;
  $('news').dataset.shown = news;
  $('news').replaceChildren(...room.news.map((line) => make('li', {}, line)).reverse());
}

function draw() {
  const first = !$('portal').src;
  $('daemon').textContent = room.daemon ? 'readmitd runs' : 'readmitd is dead, and is being started again';
  $('daemon').classList.toggle('down', !room.daemon);
  $('restart').disabled = !room.daemon;
  if (first) {
    for (const name of ['account', 'password', 'new_password', 'email', 'phone']) {
      $(name).textContent = room.person[name];
      canBeDragged($(name), room.person[name]);
    }
    $('recovery-codes').textContent = `${room.person.recovery_codes.slice(0, 2).join(', ')}, …`;
    $('portal-address').textContent = room.portal;
    openHere('/');
  }
  for (const choice of document.querySelectorAll('[name="next-call"]')) choice.checked = choice.value === room.next_call;
  codesUntil = Date.now() + room.seconds_left * 1000;
  drawMails();
  drawCall();
  drawApp();
  drawNews();
}

const events = new EventSource('events');
events.addEventListener('room', (event) => {
  room = JSON.parse(event.data);
  draw();
});
events.addEventListener('error', () => {
  $('daemon').textContent = 'The demonstration does not answer. Does it still run?';
  $('daemon').classList.add('down');
});
