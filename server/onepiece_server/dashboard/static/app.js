// What pages do beyond links and forms: follow events, count ages on, keys, the player. All of it can be missing.
"use strict";
(() => {
  const page = document.documentElement, body = document.body;
  page.classList.add("scripted");
  const root = body.dataset.root, find = (id) => document.getElementById(id);
  // The server's clock rules: a page must not look younger because the reader's clock is slow.
  let skew = Number(body.dataset.now) * 1000 - Date.now();
  const POLL = 15000, CALM = 60000, SETTLE = 700, LOST_AFTER = 20000;

  // --- Times: "3 min", in the words of the server's pages; they stand still while the link is lost.
  const words = (seconds) => {
    const s = Math.max(0, seconds);
    if (s < 60) return Math.floor(s) + " s";
    if (s < 3600) return Math.floor(s / 60) + " min";
    if (s < 172800) return Math.floor(s / 3600) + " h";
    return Math.floor(s / 86400) + " d";
  };
  const tick = () => {
    const now = (Date.now() + skew) / 1000;
    for (const time of document.querySelectorAll("time[data-at]")) {
      const age = now - Number(time.dataset.at);
      if (!isFinite(age)) continue;
      const text = age > 86400 * 30 ? time.getAttribute("datetime").slice(0, 10) : age < -60 ? "in " + words(-age) : words(age) + " ago";
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(() => { if (!page.classList.contains("lost") && !document.hidden) tick(); }, 1000);
  tick();
  // On paper no time goes on.
  addEventListener("beforeprint", () => {
    for (const time of document.querySelectorAll("time[data-at]")) time.textContent = time.getAttribute("datetime").slice(0, 16).replace("T", " ") + " UTC";
  });
  addEventListener("afterprint", tick);

  // --- The link to the server.
  let state = "connecting", heard = Date.now(), isOut = false;
  const WORDS = { connecting: "connecting", live: "live", polling: "polling, 15 s", lost: "link lost: times stand still" };
  const show = (next, text) => {
    const before = state;
    state = next;
    page.classList.toggle("lost", next === "lost");
    const wire = find("wire");
    if (!wire) return;
    wire.dataset.state = next;
    find("wire-text").textContent = text || WORDS[next];
    if (before === "lost" && next !== "lost") { find("said").textContent = "The link is back"; tick(); }
    if (before !== "lost" && next === "lost") find("said").textContent = "The link is lost";
  };

  // --- Refreshing what is shown: one request at a time, events that come together make one.
  let timer = 0, isAsking = false, isWanted = false, asked = Date.now();
  let isPressed = false; // what is changed under a finger is clicked by nobody
  document.addEventListener("pointerdown", () => { isPressed = true; });
  for (const name of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(name, () => { isPressed = false; });
  document.addEventListener("pointermove", (event) => { isPressed = isPressed && event.buttons !== 0; }); // let go elsewhere
  const busy = () => {
    const at = document.activeElement;
    return isPressed || (at && at.closest("#live") && at.matches("input, select, textarea"));
  };
  const refresh = () => {
    const live = find("live");
    if (!live || !window.htmx || isOut) return;
    if (document.hidden || isAsking || busy()) { isWanted = true; return; }
    isWanted = false; isAsking = true; asked = Date.now();
    window.htmx.trigger(live, "refresh");
  };
  const soon = () => { if (!timer) timer = setTimeout(() => { timer = 0; refresh(); }, SETTLE); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); if (isWanted) soon(); } });
  setInterval(() => {
    if (isAsking && Date.now() - asked > 35000) isAsking = false;
    if (isWanted && !isAsking) soon();
    // Events tell of changes alone: that nothing has changed, and how young that is, is asked for now and then.
    const due = state === "live" ? CALM : POLL;
    if (!isOut && Date.now() - asked > due && body.dataset.boardEvents) refresh();
  }, 5000);

  let last = "", again = "";
  const isLive = (event) => event.detail.elt && event.detail.elt.id === "live";
  // A filter may have changed the address since the page came.
  body.addEventListener("htmx:configRequest", (event) => {
    if (isLive(event)) event.detail.path = location.pathname + location.search;
  });
  body.addEventListener("htmx:beforeSwap", (event) => {
    // Whoever stands on a link stands on it afterwards, in a page made anew and in filtered rows.
    const at = document.activeElement && document.activeElement.closest("a[href]");
    again = at && event.detail.target && event.detail.target.contains(at) ? at.getAttribute("href") : "";
    if (!isLive(event)) return;
    isAsking = false;
    heard = Date.now();
    if (isPressed) { event.detail.shouldSwap = false; isWanted = true; return; }
    if (state === "lost" || state === "connecting") show("polling");
    // Nothing new: do not touch what somebody may be reading, selecting or listening to.
    const text = event.detail.serverResponse, part = text.slice(text.indexOf('<section class="state"')).replace(/data-now="[^"]*"/, "");
    if (part === last) event.detail.shouldSwap = false;
    last = part;
  });
  body.addEventListener("htmx:afterSwap", () => {
    tick();
    const wire = find("wire");
    if (wire) { wire.dataset.state = state; find("wire-text").textContent = WORDS[state]; }
    if (again) {
      const link = [...document.querySelectorAll("#live a[href], #find-results a[href]")].find((each) => each.getAttribute("href") === again);
      if (link) link.focus({ preventScroll: true });
      again = "";
    }
    pictures();
    document.dispatchEvent(new Event("page:changed"));
  });
  const failed = (event) => {
    if (!isLive(event)) return;
    isAsking = false;
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (status === 401 || status === 403) signedOut();
    else if (!status || status >= 500) show("lost");
  };
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) body.addEventListener(name, failed);
  const signedOut = () => {
    if (isOut) return;
    isOut = true;
    show("lost", "signed out");
    const box = document.createElement("div"), link = document.createElement("a");
    box.className = "error"; box.setAttribute("role", "alert");
    link.href = body.dataset.signIn; link.textContent = "Sign in again";
    box.append("Your session is over; what is shown stands still. ", link);
    find("main").prepend(box);
  };

  // --- Events. A proxy that holds them back is noticed by the silence, and the page asks by itself.
  const wanted = new Set((body.dataset.liveBy || "").split(" "));
  const concerns = (told) => !body.dataset.project || !told.project || told.project === body.dataset.project;
  const follow = (address, kinds, check) => {
    let tries = 0, stream = null;
    const open = () => {
      if (isOut) return;
      stream = new EventSource(address);
      const told = (event) => {
        heard = Date.now();
        let data = {};
        try { data = JSON.parse(event.data); } catch { /* any event is a reason to look */ }
        if (check(data)) soon();
        document.dispatchEvent(new CustomEvent("page:event", { detail: { kind: event.type, data } }));
      };
      stream.onopen = () => { tries = 0; heard = Date.now(); if (state === "lost") soon(); show("live"); };
      for (const kind of kinds) stream.addEventListener(kind, told);
      stream.onerror = () => {
        if (state === "live" || (state === "connecting" && stream.readyState === EventSource.CLOSED)) { show("polling"); soon(); }
        if (stream.readyState === EventSource.CLOSED) { setTimeout(open, Math.min(60000, 2000 * 2 ** tries++)); }
      };
    };
    if (!window.EventSource) { show("polling"); return; }
    open();
    window.addEventListener("pagehide", () => stream && stream.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) { open(); soon(); } });
  };
  if (body.dataset.boardEvents) {
    const kinds = ["refreshed", "link", "cache", "operation"];
    follow(body.dataset.boardEvents, kinds, (told) => wanted.has(told.kind) && concerns(told));
    if (wanted.has("render")) follow(body.dataset.renderEvents, ["created", "updated", "removed"], () => true);
    setInterval(() => { if (state === "connecting" && Date.now() - heard > LOST_AFTER) show("polling"); }, 2000);
  }
  window.addEventListener("offline", () => show("lost"));
  window.addEventListener("online", () => { show("polling"); soon(); });

  // --- Pictures that cannot be shown leave a quiet place. (No inline handlers; error events do not bubble.)
  document.addEventListener("error", (event) => {
    if (event.target.tagName === "IMG") event.target.parentElement.classList.add("broken");
  }, true);
  const pictures = () => {
    for (const image of document.querySelectorAll(".thumb img")) {
      if (image.complete && !image.naturalWidth && image.currentSrc) image.parentElement.classList.add("broken");
    }
  };
  addEventListener("load", pictures);

  // --- Player.
  const player = find("player");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-movie]");
    if (link && player && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const video = player.querySelector("video");
      video.src = link.href;
      find("player-name").textContent = link.dataset.movie;
      player.showModal();
      video.play().catch(() => {});
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.id === "help-open" || event.target.closest("#help-open")) find("help").showModal();
    if (event.target instanceof HTMLDialogElement) event.target.close(); // its backdrop
  });
  if (player) player.addEventListener("close", () => { const video = player.querySelector("video"); video.pause(); video.removeAttribute("src"); video.load(); });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // --- Keys.
  const step = (by) => {
    const scope = document.querySelector("dialog[open]") || find("main");
    const links = [...scope.querySelectorAll("a.go")].filter((each) => each.offsetParent !== null);
    if (!links.length) return;
    const now = links.findIndex((each) => each === document.activeElement || (each.closest("tr") && each.closest("tr").contains(document.activeElement)));
    const next = now < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, now + by));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  };
  const PLACES = { s: "", d: "deliveries", i: "ingests", p: "playlists", r: "render", o: "operations", h: "health" };
  let goes = 0;
  const openFind = () => {
    const box = find("find");
    if (!box) return;
    if (!box.open) box.showModal();
    find("find-q").focus();
    find("find-q").select();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.target.id === "find-q" && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); return; }
    if (typing) { if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur(); return; }
    if (event.target.closest("#find") && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); return; }
    if (Date.now() - goes < 1200 && event.key in PLACES && body.dataset.boardEvents) { location.href = root + "/ui/" + PLACES[event.key]; return; }
    if (event.key === "g") { goes = Date.now(); return; }
    if (event.key === "/") { event.preventDefault(); openFind(); }
    else if (event.key === "?" && find("help")) find("help").showModal();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "t") find("theme").click();
  });
})();
