import { lazily } from "./lazily";

const Loaded = lazily(() => import("./picker").then((module) => module.Picker));

export function Picker(props: Omit<Parameters<typeof Loaded>[0], "room" | "fallback">) {
  return <Loaded room="corner" {...props} />;
}
