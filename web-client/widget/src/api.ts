// The plain HTTP requests of the protocol.

import { Refused } from "./connection";
import { headers } from "./transport";
import type { Attachment, Config, Session } from "./protocol";

export interface Page {
  url: string;
  title: string;
  referrer: string;
}

export async function getConfig(base: string): Promise<Config> {
  return read(await fetch(`${base}/config`));
}

export async function postSession(
  base: string,
  body: { token: string | null; identity: string | null; page: Page | null; language: string; time_zone: string },
): Promise<Session> {
  return read(await fetch(`${base}/session`, { method: "POST", headers: headers(null), body: JSON.stringify(body) }));
}

/** A fresh address for a file whose old one has run out. */
export async function renewUrl(base: string, token: string | null, id: string): Promise<string> {
  const { url } = await read<{ url: string }>(await fetch(`${base}/files/${id}/url`, { method: "POST", headers: headers(token) }));
  return url;
}

/** Sends a file; `fetch` cannot tell the progress of a request, so this is the older way. */
export function upload(
  base: string,
  token: string | null,
  file: File,
  progress: (part: number) => void,
): { done: Promise<Attachment>; cancel: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<Attachment>((resolve, reject) => {
    request.open("POST", `${base}/files`);
    request.responseType = "json";
    if (token) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      const body = request.response as (Attachment & { error?: { code: string } }) | null;
      if (request.status < 300 && body) resolve(body);
      else reject(new Refused(request.status, body?.error?.code ?? "UNAVAILABLE"));
    };
    request.onerror = request.onabort = () => reject(new Refused(0, "UNAVAILABLE"));
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

async function read<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => null)) as (T & { error?: { code: string } }) | null;
  if (!response.ok || !body) throw new Refused(response.status, body?.error?.code ?? "UNAVAILABLE");
  return body;
}
