"use strict";
// Everything works without this. With it, times are the reader's own, waits are counted down, a form is sent once,
// and a page that shows a case goes on by itself. Pages come as documents from this server, never as text that is
// made into markup here.
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // <time datetime>: in the reader's zone. data-until: counted down by the server's clock.
  const language = document.documentElement.lang;
  const localize = (root) => all("time[datetime]", root).forEach((time) => {
    const date = new Date(time.dateTime);
    if (!isNaN(date)) time.textContent = date.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  });
  const seconds = () => Date.now() / 1000;
  let ahead = 0;
  const readClock = () => { ahead = (find("[data-now]")?.dataset.now || seconds()) - seconds(); };
  const count = () => all("[data-until]").forEach((wait) => {
    const left = Math.ceil(wait.dataset.until - seconds() - ahead);
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60];
    if (left > 0) wait.textContent = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(left % 60)}`;
    else if (!wait.dataset.over) { wait.dataset.over = "1"; setTimeout(look, 1000); }
  });

  // A form is sent once, however often its button is pressed.
  let leaving = false;
  const stay = () => {
    leaving = false;
    all("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      all("button", form).forEach((button) => { button.disabled = false; });
    });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.dataset.again !== undefined) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    leaving = true;
    // Later, so that the pressed button is still sent; and not for ever, if no answer comes.
    setTimeout(() => all("button", form).forEach((button) => { button.disabled = true; }));
    setTimeout(stay, 20000);
  });

  // Gets a page of this server as a document.
  const get = (path, done) => {
    const request = new XMLHttpRequest();
    request.open("GET", path);
    request.responseType = "document";
    request.timeout = 30000;
    request.onloadend = () => done(request);
    request.send();
  };
  let delay = 1000;
  const later = (what) => {
    setTimeout(what, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 1.6, 15000);
  };

  // A page that waits for the service (data-retry) goes there once it answers.
  const waitFor = (path) => get(path, ({ status }) => {
    if ([0, 429, 502, 503, 504].includes(status)) later(() => waitFor(path));
    else location.replace(path);
  });

  // A page that shows a case (data-page) looks again when it hears that something has changed (data-events).
  const root = () => find("[data-page]");
  let source = null, looking = false, again = false, away = false, waiting = false;

  const connection = (text) => {
    const note = find("#connection");
    if (note) { note.textContent = text; note.hidden = !text; }
  };
  const lookLater = () => {
    if (!waiting) { waiting = true; later(() => { waiting = false; look(); }); }
  };
  const close = () => { source?.close(); source = null; };
  const listen = () => {
    const path = root()?.dataset.events;
    if (!path || source) return;
    source = new EventSource(path);
    source.onopen = () => { delay = 1000; };
    source.onmessage = look;
    source.onerror = () => { close(); lookLater(); };
  };
  function look() {
    if (!root() || leaving) return;
    if (looking) { again = true; return; }
    looking = true;
    get(root().dataset.page, (request) => {
      looking = false;
      if (leaving) return;
      const { status, response: page, responseURL: place } = request;
      if (status === 200 && new URL(place).pathname !== new URL(root().dataset.page, location).pathname) {
        location.replace(place);
      } else if (status === 200 && page && find("[data-page]", page)) {
        if (away) { connection(find("#live").dataset.back); setTimeout(() => away || connection(""), 8000); }
        if (away) delay = 1000;
        away = false;
        swap(page);
        if (root().dataset.events) listen(); else close();
      } else if (status === 404) {
        location.replace(root().dataset.page);
      } else {
        if (status !== 429 && !away) { away = true; connection(find("#live").dataset.away); }
        lookLater();
      }
      if (again) { again = false; look(); }
    });
  }

  // Puts what has changed in the place of what was there; what is being typed is left alone.
  const fields = (part) => all("input:not([type=hidden]), textarea", part);
  const isTyped = (field) => field.value !== field.defaultValue;
  const isBusy = (part) => fields(part).some((field) => isTyped(field) || field === document.activeElement);
  const summaries = (part, open) => all(`details${open}`, part).map((details) => [details, find("summary", details).textContent]);
  const action = (control) => control.form?.getAttribute("action");

  const replace = (old, fresh) => {
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const unfolded = summaries(old, "[open]").map(([, text]) => text);
    const typed = fields(old).filter(isTyped);
    const part = document.importNode(fresh, true);
    localize(part);
    old.replaceWith(part);
    summaries(part, "").forEach(([details, text]) => { details.open ||= unfolded.includes(text); });
    typed.forEach((field) => {
      const twin = document.getElementById(field.id);
      if (twin && action(twin) === action(field)) twin.value = field.value;
    });
    if (!focus) return;
    const twin = all("button, input, textarea, a[href], summary, [tabindex]", part).find((control) =>
      control.tagName === focus.tagName && control.id === focus.id && action(control) === action(focus)
      && (control.value !== undefined || control.textContent === focus.textContent));
    (twin || find("[aria-current] [tabindex]") || find("#now") || find("#main")).focus({ preventScroll: true });
  };
  const swap = (page) => {
    const [mine, fresh] = [root(), find("[data-page]", page)];
    const parts = (of) => all("[data-live]", of);
    const names = (of) => parts(of).map((part) => part.id).join();
    const heard = new Set(parts(mine).map((part) => part.dataset.say));
    const news = parts(fresh).map((part) => part.dataset.say).filter((say) => say && !heard.has(say));
    if (names(mine) === names(fresh)) {
      parts(fresh).forEach((part) => {
        const old = document.getElementById(part.id);
        const [item, next] = [old.closest("li"), part.closest("li")];
        if (item && next) item.className = next.className;
        if (old.dataset.live !== part.dataset.live && !isBusy(old)) replace(old, part);
      });
      Object.assign(mine.dataset, fresh.dataset);
      if (!fresh.dataset.events) delete mine.dataset.events;
    } else {
      replace(mine, fresh);
    }
    readClock();
    count();
    document.title = page.title;
    if (news.length) find("#said").textContent = news.join(" ");
  };

  const begin = () => {
    readClock();
    localize(document);
    count();
    setInterval(count, 1000);
    const retry = find("[data-retry]");
    if (retry) later(() => waitFor(retry.dataset.retry));
    listen();
  };
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) { stay(); look(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && root()?.dataset.events) look(); });
  begin();

  // Buttons that only a script can serve: to print (data-print), to show what is typed into fields (data-show).
  all("[data-print],[data-show]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (button.dataset.show === undefined) return print();
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", shown);
      button.dataset.show.split(" ").forEach((id) => { find(`#${id}`).type = shown ? "text" : "password"; });
    });
  });
})();
