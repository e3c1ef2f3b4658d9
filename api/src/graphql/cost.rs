//! What fields cost that do more than to show a column: the transport's guard counts it against the complexity of a
//! document, for fields of that name in any type.

/// Costs, by name. 20 stands for a search or a count over many rows, 5 for a count over one index.
pub const COSTS: &[(&str, usize)] = &[
    ("contactMergePreview", 20),
    ("count", 20),
    ("openDeadLetters", 5),
    ("previewContent", 20),
    ("queued", 5),
    ("replyPolicy", 2),
    ("search", 20),
    ("unreadCount", 20),
];
