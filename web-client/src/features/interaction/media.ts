import { useCallback } from "react";
import type { LoadPictures } from "../../content/html";
import { FreshOriginalDocument, RemotePicturesDocument } from "../../gql/graphql";
import { useLive } from "../../session/context";

/** The addresses under which our server hands out the pictures that a message shows from elsewhere. */
export function usePictures(messageId: string): LoadPictures {
  const live = useLive();
  return useCallback(async () => {
    const { data } = await live.client.query(RemotePicturesDocument, { id: messageId }, { requestPolicy: "network-only" }).toPromise();
    const pictures = data?.node?.__typename === "Message" ? data.node.remotePictures : [];
    return new Map(pictures.map(({ source, url }) => [source, url]));
  }, [live, messageId]);
}

/** Downloads the message as it came. Asked for when needed: the address is good for a quarter of an hour. */
export function useOriginal(messageId: string): () => Promise<void> {
  const live = useLive();
  return async () => {
    const { data } = await live.client.query(FreshOriginalDocument, { id: messageId }, { requestPolicy: "network-only" }).toPromise();
    const url = data?.node?.__typename === "Message" ? data.node.original?.url : null;
    // The server says that it is a file to be kept, so the page stays where it is.
    if (url) location.assign(url);
  };
}
