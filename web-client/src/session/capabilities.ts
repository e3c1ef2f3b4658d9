import { useQuery } from "urql";
import { type CapabilityPartsFragment, ChannelCapabilitiesDocument } from "../gql/graphql";

export type Capabilities = CapabilityPartsFragment;

/** What the channel can do; the composer and the thread render from it and know no channel by name. */
export function useCapabilities(channelId: string | undefined): Capabilities | null {
  const [{ data }] = useQuery({ query: ChannelCapabilitiesDocument, variables: { id: channelId ?? "" }, pause: channelId === undefined, requestPolicy: "cache-first" });
  return data?.node?.__typename === "Channel" ? data.node.capabilities : null;
}
