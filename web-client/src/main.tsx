import "./ui/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { showIn } from "./i18n";
import { Live } from "./live/client";
import { applyTheme, preferredLanguage, prefs } from "./session/prefs";

applyTheme(prefs.get().theme);
prefs.subscribe(() => applyTheme(prefs.get().theme));

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
await showIn(preferredLanguage());
prefs.subscribe(() => void showIn(preferredLanguage()));

createRoot(root).render(
  <StrictMode>
    <App live={new Live()} />
  </StrictMode>,
);
