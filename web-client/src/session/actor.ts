import { useTranslation } from "react-i18next";
import type { ActorFragment } from "../gql/graphql";

/** The name of whoever did something; machines without one are named by what they are. */
export function useActorName(): (actor: Pick<ActorFragment, "kind" | "name">) => string {
  const { t } = useTranslation();
  return (actor) => (actor.name.trim() === "" ? t(`actor.${actor.kind}`) : actor.name);
}
