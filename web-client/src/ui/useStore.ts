import { useSyncExternalStore } from "react";
import type { Store } from "../live/store";

/** Reads a store of the live layer and renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
