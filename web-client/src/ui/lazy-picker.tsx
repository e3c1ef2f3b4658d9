import { lazy, Suspense } from "react";
import type { Picker as Full } from "./picker";

const Loaded = lazy(() => import("./picker").then((module) => ({ default: module.Picker })));

export function Picker(props: Parameters<typeof Full>[0]) {
  return (
    <Suspense>
      <Loaded {...props} />
    </Suspense>
  );
}
