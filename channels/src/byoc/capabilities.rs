//! What the integrator declared, cut to what the chosen mode can carry.
//!
//! The JSON of the `capabilities` setting is that of [`tributary_domain::spec::DeclaredCapabilities`]. What is not declared
//! goes out as fallback text or is not offered. The compatibility modes can carry less, whatever is declared; what they
//! cannot carry is taken out here, so that composer, router and degrader see it.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tributary_domain::spec::{Capabilities, RichKind};

use super::{Mode, spec::SPEC};

/// The channel's own capabilities. An unreadable declaration, which is refused when it is saved, declares nothing.
pub(super) fn of(settings: &Map<String, Value>) -> Cow<'static, Capabilities> {
    let declared = settings.get("capabilities").filter(|value| !value.is_null());
    let Some(Ok(declared)) = declared.map(Capabilities::declared) else {
        return Cow::Borrowed(&SPEC.capabilities);
    };
    Cow::Owned(cut(declared, Mode::of(settings)))
}

fn cut(declared: Capabilities, mode: Mode) -> Capabilities {
    if mode == Mode::Standard {
        return declared;
    }
    let extensions: Vec<_> = declared.extensions.iter().copied().filter(|extension| can_carry(mode, extension.kind)).collect();
    Capabilities {
        extensions: extensions.into(),
        quotes: declared.quotes && mode != Mode::CompatOld,
        reactions: false,
        edit: None,
        delete: false,
        typing: false,
        read_marks: false,
        hide: false,
        ..declared
    }
}

/// Whether the bodies of a mode have a place for this kind.
fn can_carry(mode: Mode, kind: RichKind) -> bool {
    match mode {
        Mode::Standard => true,
        Mode::CompatNew => matches!(
            kind,
            RichKind::AdaptiveCard
                | RichKind::RichLink
                | RichKind::QuickReplies
                | RichKind::ListPicker
                | RichKind::TimePicker
                | RichKind::Form
                | RichKind::Attachment
        ),
        Mode::CompatOld => kind == RichKind::Attachment,
    }
}
