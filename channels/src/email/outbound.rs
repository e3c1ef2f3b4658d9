//! Outbound work becomes a mail and a copy of it, and both are handed over.

use tributary_domain::{
    content::{Image, RichContent},
    ids::AttachmentId,
    outbound::{Action, Destination, OpenChannel, Outbound, OutboundMessage},
};

use super::{
    account::Account,
    addresses,
    calendar::{self, Parties},
    compose::{self, ComposeError},
    failure::MailError,
    imap::Imap,
    links,
    markup::{html_of, page, text_as_html},
    oauth::{Credentials, TokenCache},
    signature::signature,
    signs,
    smtp::{self, SmtpError},
    text::{clean, cut},
    threading,
    turns::Turns,
};
use crate::{
    channel::{Cx, MailAttachment, MailStep, Step, StepReceipt},
    error::{FailCode, Reach, Verdict},
};

/// Longest subject, characters; longer ones are cut by servers on the way.
const MAX_SUBJECT: usize = 500;

/// See [`crate::channel::Channel::render`].
///
/// A message is two steps: the mail, and its copy for the folder of sent mails, so that a copy that fails never sends
/// the mail again.
pub(super) fn render(channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
    match &outbound.action {
        Action::Send(message) => {
            let mail = Box::new(mail(channel, outbound, message));
            vec![Step::Mail(mail.clone()), Step::MailCopy(mail)]
        }
        // A mail that left cannot be changed, and nobody is told what we read or type.
        Action::Edit { .. }
        | Action::Delete { .. }
        | Action::React { .. }
        | Action::MarkRead { .. }
        | Action::Typing { .. }
        | Action::Close => vec![Step::Nothing],
    }
}

fn mail(channel: &OpenChannel, outbound: &Outbound, message: &OutboundMessage) -> MailStep {
    let to = &outbound.to;
    let answers = to.answers.as_ref().and_then(|id| threading::references(std::slice::from_ref(id)).pop());
    let references = threading::references_to(&to.references, answers.as_deref());
    // These three have a form of their own in a mail, better than that to which they are degraded elsewhere.
    let content = match &message.asked {
        asked @ (RichContent::RichLink(_) | RichContent::PaymentRequest(_) | RichContent::AppointmentRequest(_)) => asked,
        _ => &message.content,
    };
    let signature = signature(channel);
    let body = match (html_of(content, &message.fallback), &signature) {
        (Some(html), Some(signature)) => Some(signature.below_html(&html)),
        (None, Some(signature)) => Some(signature.below_html(&text_as_html(&message.fallback))),
        (html, None) => html,
    };
    let text = match &signature {
        Some(signature) => signature.below_text(&message.fallback),
        None if message.fallback.is_empty() => " ".to_owned(),
        None => message.fallback.clone(),
    };
    let html = body.map(|body| page(&body));
    let from = channel.text("address").unwrap_or_default().trim();
    let from_name = channel.text("display_name").unwrap_or(&channel.name);
    let message_id = threading::own_id(channel, outbound.id);
    let calendar = match content {
        RichContent::AppointmentRequest(appointment) => calendar::request(
            appointment,
            &Parties { uid: &message_id, from, from_name, to: to.user.as_str(), to_name: to.user_name.as_deref(), at: message.at },
        ),
        _ => None,
    };
    let shown = |id: &str| html.as_deref().is_some_and(|html| html.contains(&format!("\"cid:{id}\"")));
    let mut attachments: Vec<MailAttachment> = Vec::with_capacity(message.attachments.len());
    for file in &message.attachments {
        let id = file.id.to_string();
        let content_id = shown(&id).then_some(id);
        attachments.push(MailAttachment { id: file.id, name: file.name.clone(), mime: file.mime.clone(), content_id, bytes: file.bytes });
    }
    if let RichContent::RichLink(link) = content
        && let Some(Image::Attachment(id)) = &link.image
        && !attachments.iter().any(|file| file.id == *id)
    {
        attachments.push(MailAttachment {
            id: *id,
            name: "image".to_owned(),
            mime: "image/jpeg".to_owned(),
            content_id: Some(id.to_string()),
            bytes: 0,
        });
    }
    MailStep {
        message_id,
        from: from.to_owned(),
        from_name: clean(from_name),
        to: to.user.as_str().to_owned(),
        to_name: to.user_name.as_deref().and_then(clean),
        reply_to: reply_to(channel, from, to.number),
        subject: subject(channel, to, from_name, !references.is_empty()),
        in_reply_to: references.last().cloned(),
        references,
        text,
        html,
        calendar,
        language: to.language,
        attachments,
        is_automatic: message.is_automatic,
        at: message.at,
    }
}

/// Where answers shall go, if not simply to the sender.
fn reply_to(channel: &OpenChannel, from: &str, number: i64) -> Option<String> {
    let set = channel.text("reply_to").map(str::trim);
    if channel.flag("plus_addressing") {
        return Some(addresses::with_token(channel, set.unwrap_or(from), number));
    }
    set.map(str::to_owned)
}

fn subject(channel: &OpenChannel, to: &Destination, from_name: &str, is_answer: bool) -> String {
    let known = to.subject.as_deref().and_then(clean).map(|subject| cut(&subject, MAX_SUBJECT));
    let subject = match (known, is_answer) {
        (Some(subject), true) => threading::reply_subject(&subject),
        (Some(subject), false) => subject,
        (None, true) => "Re:".to_owned(),
        (None, false) => from_name.to_owned(),
    };
    if channel.flag("subject_reference") { signs::with_reference(&subject, to.number) } else { subject }
}

/// Sends the mail. The receipt carries its `Message-ID`.
///
/// # Errors
/// A [`Verdict`].
pub(super) async fn send(cx: &Cx, tokens: &TokenCache, channel: &OpenChannel, mail: &MailStep) -> Result<StepReceipt, Verdict> {
    let account = Account::of(channel)?;
    let envelope = smtp::Envelope { from: account.address.clone(), to: mail.to.clone() };
    let server = signed_in(cx, tokens, channel, &account).await?;
    let limit = server.size_limit().map_or(account.max_mail_bytes, |limit| limit.min(account.max_mail_bytes));
    let linked = links::too_large(mail, limit);
    let bytes = match written(cx, channel, mail, &linked).await {
        Ok(bytes) if bytes.len() as u64 > limit => {
            server.leave().await;
            return Err(SmtpError::TooLarge { bytes: bytes.len() as u64, limit }.into());
        }
        Ok(bytes) => bytes,
        Err(verdict) => {
            server.leave().await;
            return Err(verdict);
        }
    };
    let answer = server.send(&envelope, &bytes).await.map_err(Verdict::from)?;
    Ok(StepReceipt { external_id: Some(mail.message_id.clone().into()), note: Some(answer), linked })
}

/// A server that waits for our mail; an access token that is refused is renewed once.
async fn signed_in(cx: &Cx, tokens: &TokenCache, channel: &OpenChannel, account: &Account) -> Result<smtp::Ready, MailError> {
    let first = tokens.credentials(cx, channel, account, false).await?;
    let is_token = matches!(first, Credentials::Bearer { .. });
    match smtp::ready(cx, account, &first).await {
        Err(MailError::SignIn { .. }) if is_token => {
            let renewed = tokens.credentials(cx, channel, account, true).await?;
            smtp::ready(cx, account, &renewed).await
        }
        other => other,
    }
}

async fn written(cx: &Cx, channel: &OpenChannel, mail: &MailStep, linked: &[AttachmentId]) -> Result<Vec<u8>, Verdict> {
    compose::write(cx, channel, mail, linked).await.map_err(|error| match error {
        ComposeError::Storage(reason) => Verdict::Retry { after: None, pauses_account: false, reach: Reach::NotCalled, reason },
        ComposeError::Recipient => {
            Verdict::Fail { code: FailCode::RecipientUnknown, detail: "the recipient's address is not a mail address".to_owned() }
        }
        ComposeError::Sender => Verdict::Suspend { reason: "The address of the channel is not a mail address.".to_owned() },
        ComposeError::Content(detail) => Verdict::Fail { code: FailCode::ContentRefused, detail },
    })
}

/// Puts a copy of the sent mail into the folder for it and marks the answered mail. The mail has left already, so
/// nothing that fails here is an error of the message: the receipt says what became of the copy.
pub(super) async fn keep_copy(
    cx: &Cx,
    tokens: &TokenCache,
    copies: &Turns,
    channel: &OpenChannel,
    mail: &MailStep,
    linked: &[AttachmentId],
) -> StepReceipt {
    let note = match try_keep_copy(cx, tokens, copies, channel, mail, linked).await {
        Ok(note) => note,
        Err(reason) => {
            tracing::warn!(channel.id = %channel.id, reason, "no copy of a sent mail was kept");
            format!("no copy: {reason}")
        }
    };
    StepReceipt { note: Some(note), ..StepReceipt::default() }
}

async fn try_keep_copy(
    cx: &Cx,
    tokens: &TokenCache,
    copies: &Turns,
    channel: &OpenChannel,
    mail: &MailStep,
    linked: &[AttachmentId],
) -> Result<String, String> {
    let account = Account::of(channel).map_err(|error| error.to_string())?;
    if saves_by_itself(&account.smtp.host) {
        return Ok("the provider keeps the copy".to_owned());
    }
    let bytes = written(cx, channel, mail, linked).await.map_err(|verdict| verdict.to_string())?;
    // Servers allow a mailbox few connections at once, and the one that listens has to be among them.
    let _turn = copies.turn(channel.id).await;
    let mut imap = Imap::open(cx, tokens, channel, &account).await.map_err(|error| error.to_string())?;
    let kept = put_copy(&mut imap, &account, mail, &bytes).await;
    imap.close().await;
    kept.map_err(|error| error.to_string())
}

async fn put_copy(imap: &mut Imap, account: &Account, mail: &MailStep, bytes: &[u8]) -> Result<String, MailError> {
    let note = match imap.sent_folder(account.sent_folder.as_deref()).await? {
        Some(folder) => {
            imap.append(&folder, bytes).await?;
            format!("copy in {folder}")
        }
        None => "the mailbox has no folder for sent mails".to_owned(),
    };
    if let Some(answered) = &mail.in_reply_to {
        imap.select("INBOX").await?;
        let is_there = imap.mark_answered(answered).await?;
        if !is_there
            && account.moves_away
            && let Some(folder) = imap.archive_folder(account.archive_folder.as_deref()).await?
        {
            imap.select_raw(&folder).await?;
            imap.mark_answered(answered).await?;
        }
    }
    Ok(note)
}

/// Providers that file what goes through their SMTP server themselves; a second copy would be in the way.
fn saves_by_itself(smtp_host: &str) -> bool {
    let host = smtp_host.to_ascii_lowercase();
    ["gmail.com", "googlemail.com", "office365.com", "outlook.com"]
        .iter()
        .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
}

#[cfg(test)]
mod tests;
