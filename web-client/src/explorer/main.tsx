import "graphiql/style.css";
import "graphiql/setup-workers/vite";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { AuthStore, acrossTabs } from "../live/auth";
import { HTTP_PATH, renewOverHttp } from "../live/session";

/** The API explorer, from our own files, asking as the person who is signed in to the app. */
const auth = new AuthStore({ renew: renewOverHttp, storage: localStorage, exclusive: acrossTabs });

const socket = createClient({
  url: `${location.origin.replace(/^http/u, "ws")}${HTTP_PATH}`,
  connectionParams: async () => {
    const token = await auth.token();
    return token === null ? {} : { authorization: `Bearer ${token}` };
  },
});

const fetcher = createGraphiQLFetcher({
  url: HTTP_PATH,
  wsClient: socket,
  fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const token = await auth.token();
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  },
});

const FIRST = `# The inbox, newest first. Sign in to the app first: this page asks as you.
query Inbox {
  viewer { role person { name } }
  interactions(first: 10) {
    logCursor
    nodes { reference status contact { name } channel { name kind } lastMessage { text at } }
  }
}
`;

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
root.style.height = "100vh";
createRoot(root).render(<GraphiQL fetcher={fetcher} defaultQuery={FIRST} shouldPersistHeaders={false} />);
