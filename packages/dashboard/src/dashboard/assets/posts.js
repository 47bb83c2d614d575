/* The list of posts. Texts are set as text, never as HTML. It stands still while somebody reads it, and goes on to older posts when asked. */
(function () {
  "use strict";
  const element = (id) => document.getElementById(id);
  let waiting = null; // posts that came while the list was being read
  let older = { asked: null, cursor: null, extended: false }; // where the list goes on

  function make(tag, className, parent, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  /* Pointed at, focused, scrolled, scrolled past, or gone on to older posts. */
  function isRead(scroll) {
    const pointed = matchMedia("(hover: hover)").matches && scroll.matches(":hover");
    return older.extended || pointed || scroll.scrollTop > 8 || scroll.matches(":focus-within") || scroll.getBoundingClientRect().top < 0;
  }

  /* The newest posts of a tick. */
  function newest(items, next) {
    const list = element("posts");
    if (!list) return;
    if (list.children.length && isRead(element("posts-scroll"))) {
      waiting = items;
      offer(items.filter((post) => !has(list, post)).length);
      return;
    }
    waiting = null;
    offer(0);
    const old = new Map([...list.children].map((entry) => [entry.dataset.id, entry]));
    const entries = items.map((post) => old.get(post.id) || entry(post));
    if (entries.length !== old.size || entries.some((made, index) => made !== list.children[index])) list.replaceChildren(...entries);
    entries.forEach(fold);
    older = { ...older, cursor: next || null, extended: false };
    showMore(next !== null && items.length >= 20, items.length);
  }

  const has = (list, post) => list.querySelector(`[data-id="${CSS.escape(post.id)}"]`);

  function offer(number) {
    const button = element("posts-waiting");
    button.hidden = !number;
    button.textContent = number ? `${number === 20 ? "20 or more" : number} new` : "";
    button.onclick = () => {
      const [scroll, next] = [element("posts-scroll"), waiting];
      scroll.scrollTop = 0;
      older.extended = false;
      element("posts").replaceChildren();
      if (next) newest(next);
      if (scroll.getBoundingClientRect().top < 0) scroll.closest("aside").scrollIntoView();
    };
  }

  /* --- older posts --- */

  function showMore(there, number) {
    element("posts-more").hidden = !there;
    const all = number === 1 ? "The only post of this period." : `All ${number.toLocaleString("en")} posts of this period.`;
    element("posts-end").textContent = number && there ? "" : number ? all : "No posts.";
  }

  async function more() {
    const [button, list] = [element("posts-more"), element("posts")];
    const mine = older;
    button.disabled = true;
    mine.extended = true;
    const [from, to] = window.pulse.live.period();
    mine.asked = mine.asked || { ...window.pulse.address.asked(), from, to };
    const answer = await window.pulse.period.get("/posts", { ...mine.asked, ...(mine.cursor ? { cursor: mine.cursor } : {}) });
    button.disabled = false;
    if (mine !== older) return;
    if (answer.failed) {
      element("posts-end").textContent = answer.reason;
      return;
    }
    const fresh = answer.items.filter((post) => !has(list, post)).map(entry);
    list.append(...fresh);
    fresh.forEach(fold);
    older.cursor = answer.next;
    showMore(Boolean(answer.next), list.children.length);
    if (fresh.length && document.activeElement === document.body) fresh[0].querySelector("article").focus({ preventScroll: true });
  }

  /* Another topic, period or filter: the list begins anew. */
  function restart(empty) {
    older = { asked: null, cursor: null, extended: false };
    waiting = null;
    const list = element("posts");
    if (!list) return;
    offer(0);
    element("posts-scroll").scrollTop = 0;
    if (empty) list.replaceChildren();
    showMore(true, 0);
    element("posts-more").hidden = true;
    element("posts-end").textContent = "";
  }

  /* --- one post --- */

  const MARKS = { positive: "▲", neutral: "■", negative: "▼", not_rated: "–" };

  function entry(post) {
    const item = make("li");
    item.dataset.id = post.id;
    const article = make("article", "", item);
    article.tabIndex = -1;
    const head = make("header", "", article);
    const author = make("bdi", "author", head, post.author.handle ? `@${post.author.handle}` : post.author.name || "unknown");
    author.dir = "auto";
    if (post.kind !== "original") make("span", "tag", head, post.kind);
    link(head, post);
    make("p", "post-text", article, post.text).dir = "auto";
    const foot = make("footer", "", article);
    const mood = post.sentiment.label;
    make("span", `mark ${mood}`, foot, MARKS[mood]).setAttribute("aria-hidden", "true");
    const feeling = post.emotion && !["none", "not_rated"].includes(post.emotion.label) ? ` · ${post.emotion.label}` : "";
    make("span", "mood", foot, mood.replace("_", " ") + feeling);
    return item;
  }

  /* A text that is cut off gets a button that unfolds it. */
  function fold(item) {
    const text = item.querySelector(".post-text");
    if (item.dataset.folded || !text.clientHeight) return;
    item.dataset.folded = "no";
    if (text.scrollHeight <= text.clientHeight + 2) return;
    item.dataset.folded = "yes";
    const button = make("button", "plain unfold", null, "Show more");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.onclick = () => {
      const open = text.classList.toggle("unfolded");
      button.textContent = open ? "Show less" : "Show more";
      button.setAttribute("aria-expanded", String(open));
    };
    text.after(button);
  }

  /* The time of a post, a link when its address is one of the web: a post may carry any other. */
  function link(head, post) {
    const web = /^https?:\/\//i.test(post.permalink || "");
    const time = make(web ? "a" : "span", "time", head, post.created_at.slice(11, 19));
    if (web) Object.assign(time, { href: post.permalink, target: "_blank", rel: "noopener noreferrer nofollow" });
    time.title = `${post.created_at.slice(0, 19).replace("T", " ")} UTC`;
  }

  /* Up and down go from post to post. */
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const scroll = step && event.target.closest("#posts-scroll");
    if (!scroll) return;
    const articles = [...scroll.querySelectorAll("article")];
    const at = articles.indexOf(event.target.closest("article"));
    const next = articles[at < 0 ? 0 : at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  document.addEventListener("click", (event) => event.target.id === "posts-more" && more());

  window.pulse = Object.assign(window.pulse || {}, { posts: { newest, restart } });
})();
