/** The page of the admin API. */
import { render } from "preact";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { AccessPage } from "./pages/access.tsx";
import { BansPage } from "./pages/bans.tsx";
import { ClientPage } from "./pages/client.tsx";
import { ClientsPage } from "./pages/clients.tsx";
import { LogInPage } from "./pages/log-in.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { RetainedPage } from "./pages/retained.tsx";
import { SessionsPage } from "./pages/sessions.tsx";
import { SubscriptionsPage } from "./pages/subscriptions.tsx";
import { TestClientPage } from "./pages/test-client.tsx";
import { TopicsPage } from "./pages/topics.tsx";
import { lostBecause, startLive, stopLive } from "./state/live.ts";
import { language, startPreferences, theme } from "./state/preferences.ts";
import { place, startPlaces } from "./state/route.ts";
import { holder, isSessionKnown, logOut, resumeSession } from "./state/session.ts";
import { useStore } from "./state/store.ts";
import { say, sayOfServer } from "./words/words.ts";
import type { Word } from "./words/words.ts";

const PAGES: readonly (readonly [page: string, title: Word, ComponentType])[] = [
  ["overview", "overview", OverviewPage],
  ["clients", "clients", ClientsPage],
  ["sessions", "sessions", SessionsPage],
  ["subscriptions", "subscriptions", SubscriptionsPage],
  ["retained", "retained", RetainedPage],
  ["topics", "topics", TopicsPage],
  ["access", "access", AccessPage],
  ["bans", "bans", BansPage],
  ["test", "testClient", TestClientPage],
];

function App() {
  // The whole page is drawn anew in another language.
  const words = useStore(language);
  const isKnown = useStore(isSessionKnown);
  const who = useStore(holder);
  useEffect(() => {
    if (who === undefined) return undefined;
    startLive();
    return stopLive;
  }, [who]);
  if (!isKnown) return null;
  return (
    <div class={who === undefined ? "frame alone" : "frame"} key={words}>
      <a href="#content" class="skip" onClick={skipToContent}>
        {say("skip")}
      </a>
      <Banner />
      {who === undefined ? <LogInPage /> : <Content />}
    </div>
  );
}

/** The part behind `#` of the address is the place of the reader, so the link may not change it. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Banner() {
  const who = useStore(holder);
  const colors = useStore(theme);
  const { page } = useStore(place);
  return (
    <header>
      <strong class="brand">{say("title")}</strong>
      {who !== undefined && (
        <nav aria-label={say("pages")}>
          {PAGES.map(([one, title]) => (
            <a key={one} href={`#/${one}`} aria-current={one === page ? "page" : undefined}>
              {say(title)}
            </a>
          ))}
        </nav>
      )}
      <div class="tools">
        {who !== undefined && (
          <span class="soft">
            {say("loggedInAs", { name: who.name, role: sayOfServer(who.role) })}
          </span>
        )}
        <button
          type="button"
          class="icon"
          lang={language.value === "zh" ? "en" : "zh-CN"}
          onClick={() => language.set(language.value === "zh" ? "en" : "zh")}
        >
          {language.value === "zh" ? "English" : "中文"}
        </button>
        <button
          type="button"
          class="icon"
          aria-label={say(colors === "dark" ? "light" : "dark")}
          title={say(colors === "dark" ? "light" : "dark")}
          onClick={() => theme.set(colors === "dark" ? "light" : "dark")}
        >
          <span aria-hidden="true">{colors === "dark" ? "☀" : "☾"}</span>
        </button>
        {who !== undefined && (
          <button type="button" onClick={logOut}>
            {say("logOut")}
          </button>
        )}
      </div>
    </header>
  );
}

function Content() {
  const { page, argument } = useStore(place);
  const lost = useStore(lostBecause);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const [, title, Page] = PAGES.find(([one]) => one === page) ?? [];
  const isClient = page === "client" && argument !== undefined;
  useEffect(() => {
    const name = isClient ? argument : say(title ?? "title");
    document.title = `${name} · ${say("title")}`;
    // A new page is read from its beginning; the first one, from that of the document.
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
    scrollTo(0, 0);
  }, [page, argument]);
  return (
    <main id="content" ref={main} tabIndex={-1}>
      {lost !== undefined && (
        <p role="status" class="lost">
          {say("streamLost", { reason: sayOfServer(lost) })}
        </p>
      )}
      {isClient ? (
        <ClientPage key={argument} clientId={argument} />
      ) : Page === undefined ? (
        <p>{say("notFound")}</p>
      ) : (
        <Page />
      )}
    </main>
  );
}

startPreferences();
startPlaces();
void resumeSession();
render(<App />, document.body);
