//! A server that does not hand out every mail that it lists.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::*;

/// What the server does when it is asked for the second of its three mails.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Answers with something that is no IMAP.
    Garbage,
    /// Refuses the command.
    No,
    /// Hangs up.
    HangsUp,
    /// Answers with something that is no IMAP even when it is to list it; the mail itself it hands out.
    GarbageList,
    /// Lists it with something that is no size.
    OddList,
}

const BAD: u32 = 2;

/// Serves one connection: a mailbox of three mails, read only, without IDLE.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, manner: Manner) -> std::io::Result<()> {
    let (reading, mut writing) = tokio::io::split(stream);
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"* OK ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let mut words = line.splitn(3, ' ');
        let (tag, command, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut answer = Vec::new();
        let mut end = format!("{tag} OK done\r\n");
        match command.to_ascii_uppercase().as_str() {
            "CAPABILITY" => answer.extend_from_slice(b"* CAPABILITY IMAP4rev1\r\n"),
            "SELECT" => answer.extend_from_slice(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 4] next\r\n"),
            "UID" if rest.starts_with("SEARCH") => {
                let found = uids(rest.rsplit(' ').next().unwrap_or_default());
                let found = found.iter().map(|uid| format!(" {uid}")).collect::<String>();
                answer.extend_from_slice(format!("* SEARCH{found}\r\n").as_bytes());
            }
            "UID" => {
                let mut words = rest.splitn(3, ' ');
                let (set, wanted) = (words.nth(1).unwrap_or_default(), words.next().unwrap_or_default());
                for uid in uids(set) {
                    let mail = mail(&format!("n{uid}"), "Frage", &format!("\r\nMail {uid}\r\n"));
                    if !wanted.contains("BODY") {
                        let odd: Option<&[u8]> = match manner {
                            Manner::GarbageList => Some(b"* 2 FETCH (UID 2 }oops{)\r\n"),
                            Manner::OddList => Some(b"* 2 FETCH (UID 2 INTERNALDATE never RFC822.SIZE many)\r\n"),
                            Manner::Garbage | Manner::No | Manner::HangsUp => None,
                        };
                        if let Some(odd) = odd.filter(|_| uid == BAD) {
                            answer.extend_from_slice(odd);
                            continue;
                        }
                        let size = mail.len();
                        let line = format!("* {uid} FETCH (UID {uid} INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" RFC822.SIZE {size})\r\n");
                        answer.extend_from_slice(line.as_bytes());
                        continue;
                    }
                    match manner {
                        Manner::Garbage if uid == BAD => answer.extend_from_slice(b"* 2 FETCH (UID 2 BODY[] }oops{)\r\n"),
                        Manner::No if uid == BAD => end = format!("{tag} NO some mails could not be fetched\r\n"),
                        Manner::HangsUp if uid == BAD => return writing.write_all(&answer).await,
                        Manner::Garbage | Manner::No | Manner::HangsUp | Manner::GarbageList | Manner::OddList => {
                            let origin = if wanted.contains('<') { "<0>" } else { "" };
                            answer.extend_from_slice(format!("* {uid} FETCH (UID {uid} BODY[]{origin} {{{}}}\r\n", mail.len()).as_bytes());
                            answer.extend_from_slice(&mail);
                            answer.extend_from_slice(b")\r\n");
                        }
                    }
                }
            }
            _ => {}
        }
        answer.extend_from_slice(end.as_bytes());
        writing.write_all(&answer).await?;
    }
    Ok(())
}

/// The numbers of the mails in a set; all sets that are asked for are lists or end with the newest mail.
fn uids(set: &str) -> Vec<u32> {
    match set.strip_suffix(":*") {
        Some(first) => (first.parse().unwrap_or(1).min(3)..=3).collect(),
        None => set.split(',').filter_map(|uid| uid.parse().ok()).collect(),
    }
}

/// A server of such a manner, with the channel of its mailbox.
async fn stubborn(manner: Manner) -> (JoinHandle<()>, OpenChannel) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            tokio::spawn(serve(stream, manner));
        }
    });
    let settings = json!({
        "address": AGENT, "user": AGENT, "imap_host": "127.0.0.1", "imap_port": port, "imap_security": "none",
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
    });
    let channel = OpenChannel {
        workspace: WorkspaceId::from(Uuid::from_u128(1)),
        id: ChannelId::from(Uuid::now_v7()),
        name: "Support".to_owned(),
        token: "channel-token".to_owned(),
        settings: settings.as_object().cloned().unwrap(),
        secrets: BTreeMap::from([("password".to_owned(), PASSWORD.into())]),
    };
    (serving, channel)
}

/// What is told of each mail that the server lists: the id of the message, or why there is none. And the last position.
async fn told(manner: Manner) -> (Vec<String>, Value) {
    let (cx, _folder) = cx();
    let (serving, channel) = stubborn(manner).await;
    let start = json!({ "uidvalidity": 7, "uid": 0, "since": "2026-11-01T00:00:00Z" });
    let mut listening = Listening::start(&cx, &channel, Some(start)).await;
    let items = listening.next().await;
    let told = items.iter().map(|item| match Email::default().parse(&channel, &item.raw) {
        Ok(parsed) => match &parsed[0] {
            Ok(InboundEvent::Message(message)) => message.external_id.as_str().to_owned(),
            other => panic!("{manner:?}: {other:?}"),
        },
        Err(error) => error.reason,
    });
    let told = told.collect();
    let position = listening.end().await;
    serving.abort();
    (told, position)
}

#[tokio::test]
async fn a_mail_that_is_not_handed_out_harms_no_neighbour() {
    for manner in [Manner::Garbage, Manner::No, Manner::HangsUp] {
        let (told, position) = told(manner).await;
        assert_eq!((told[0].as_str(), told[2].as_str(), told.len()), ("n1@customer.test", "n3@customer.test", 3), "{manner:?}");
        assert!(told[1].starts_with("the mail with the UID 2 cannot be fetched and stays in the mailbox"), "{manner:?}: {}", told[1]);
        assert_eq!(position["uid"], 3, "{manner:?}: the mailbox is read on");
    }
}

#[tokio::test]
async fn a_mail_whose_place_in_the_list_cannot_be_read_comes_in_all_the_same() {
    for manner in [Manner::GarbageList, Manner::OddList] {
        let (told, position) = told(manner).await;
        assert_eq!(told, ["n1@customer.test", "n2@customer.test", "n3@customer.test"], "{manner:?}");
        assert_eq!(position["uid"], 3, "{manner:?}: the mailbox is read on");
    }
}
