import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { Pane, type Room } from "./pane";

interface Around {
  /** Shown while the part is fetched. */
  fallback?: ReactNode;
  room?: Room;
}

/**
 * A part that is fetched when it is first shown. One that cannot be fetched breaks alone and can be tried again;
 * `lazy` by itself would remember the failure for ever.
 */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): (props: P & Around) => ReactNode {
  const fetchable = () => lazy(() => load().then((part) => ({ default: part as ComponentType<object> })));
  let current = fetchable();
  return function Lazily({ fallback = null, room = "own", ...props }: P & Around) {
    const [{ Part }, setPart] = useState({ Part: current });
    const retry = () => {
      current = fetchable();
      setPart({ Part: current });
    };
    return (
      <Pane onRetry={retry} room={room}>
        <Suspense fallback={fallback}>
          <Part {...props} />
        </Suspense>
      </Pane>
    );
  };
}
