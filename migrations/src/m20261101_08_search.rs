//! Full text: one document per searchable thing; FTS5 on SQLite, a generated tsvector on PostgreSQL.

use sea_orm::DbErr;

use crate::ddl::{Ddl, Wall, migration};

migration!(&["search_words", "search_document"]);

const COLUMNS: &str = "workspace_id {uuid} NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    entity_type text NOT NULL,
    entity_id {uuid} NOT NULL,
    interaction_id {uuid},
    text text NOT NULL,
    at {time} NOT NULL";

async fn create(ddl: &Ddl<'_>) -> Result<(), DbErr> {
    let interaction = "interaction ON (workspace_id, interaction_id)";
    if ddl.is_postgres() {
        // A tsvector holds at most 1 MiB; a quarter of a million characters stays below it in every script.
        let body = format!(
            "{COLUMNS}, words tsvector GENERATED ALWAYS AS (to_tsvector('simple', left(text, 250000))) STORED, \
             PRIMARY KEY (workspace_id, entity_type, entity_id)"
        );
        return ddl.table("search_document", Wall::Workspace, &body, &[interaction, "words ON USING gin (words)"]).await;
    }
    // The index refers to documents by a number of its own, because VACUUM may change an implicit rowid.
    let body = format!("doc integer PRIMARY KEY AUTOINCREMENT, {COLUMNS}, UNIQUE (workspace_id, entity_type, entity_id)");
    ddl.table("search_document", Wall::Workspace, &body, &[interaction]).await?;
    ddl.run(
        "CREATE VIRTUAL TABLE search_words USING fts5 \
         (text, content = 'search_document', content_rowid = 'doc', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')",
    )
    .await?;
    let forget = "INSERT INTO search_words (search_words, rowid, text) VALUES ('delete', old.doc, old.text);";
    let learn = "INSERT INTO search_words (rowid, text) VALUES (new.doc, new.text);";
    ddl.run(&format!("CREATE TRIGGER search_document_added AFTER INSERT ON search_document BEGIN {learn} END")).await?;
    ddl.run(&format!("CREATE TRIGGER search_document_removed AFTER DELETE ON search_document BEGIN {forget} END")).await?;
    ddl.run(&format!("CREATE TRIGGER search_document_changed AFTER UPDATE OF text ON search_document BEGIN {forget} {learn} END")).await
}
