import { createContext, useContext } from "react";
import { useTranslation } from "react-i18next";
import type { ChannelClass, ChannelKind, StartQuery } from "../gql/graphql";
import type en from "../i18n/en.json";
import type { Live } from "../live/client";
import type { IconName } from "../ui";

const LiveContext = createContext<Live | null>(null);
export const LiveProvider = LiveContext.Provider;

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive outside of LiveProvider");
  return live;
}

export interface Viewer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: NonNullable<StartQuery["viewer"]>["role"];
  readonly workspace: string;
  readonly kinds: ReadonlyMap<ChannelKind, StartQuery["channelKinds"][number]>;
}

const ViewerContext = createContext<Viewer | null>(null);
export const ViewerProvider = ViewerContext.Provider;

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer outside of ViewerProvider");
  return viewer;
}

const classIcons: Record<ChannelClass, IconName> = {
  SOCIAL: "megaphone",
  MESSAGING: "replies",
  COLLABORATION: "team",
  CHAT: "chat",
  EMAIL: "mail",
  SMS: "phone",
  BYOC: "plug",
};

export interface KindLook {
  readonly icon: IconName;
  readonly name: string;
  readonly isPublic: boolean;
}

/** The name of a kind of channel. Platforms are called the same everywhere; kinds that are no platform have words of ours. */
export function useKindName(): (info: Pick<StartQuery["channelKinds"][number], "class" | "displayName">) => string {
  const { t, i18n } = useTranslation();
  return (info) => (i18n.exists(`channels.ownKinds.${info.class}`) ? t(`channels.ownKinds.${info.class as keyof (typeof en)["channels"]["ownKinds"]}`) : info.displayName);
}

/** How a kind of channel is shown: all else comes from the server's list of kinds. */
export function useKindLook(): (kind: ChannelKind) => KindLook {
  const { kinds } = useViewer();
  const nameOf = useKindName();
  return (kind) => {
    const info = kinds.get(kind);
    return info ? { icon: classIcons[info.class], name: nameOf(info), isPublic: info.isPublic } : { icon: "chat", name: kind, isPublic: false };
  };
}
