//! Many rows and many keys in one statement, whose text does not depend on how many there are.
//!
//! PostgreSQL keeps a plan for every text on every connection. One with a placeholder for each value of each row would be
//! parsed and planned anew for each number of rows, and be kept a hundred times; so there a column is one array. SQLite has no
//! arrays, and plans cheaply.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable, QueryResult,
    Statement,
    prelude::Uuid,
    sea_query::{Alias, ArrayType, CaseStatement, Expr, ExprTrait, OnConflict, Query, Value, extension::postgres::PgFunc},
};

use super::Conn;
use crate::{Result, ids::WorkspaceId};

/// What becomes of a row whose key is there already.
pub(crate) enum Known<C: 'static> {
    /// It is left out.
    Kept,
    /// These columns of the stored one, which has the same key, get its values.
    Replaced {
        /// The columns of the key.
        key: &'static [C],
        /// The columns that are replaced.
        columns: &'static [C],
    },
    /// The statement fails.
    Refused,
}

/// Whether a column has one of these values.
pub(crate) fn among<C, V>(conn: &Conn, column: C, values: impl IntoIterator<Item = V>) -> Expr
where
    C: ColumnTrait,
    V: Into<Value>,
{
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    match values.first().map(Value::array_type) {
        Some(kind) if conn.get_database_backend() == DbBackend::Postgres => {
            column.into_expr().eq(PgFunc::any(Expr::val(Value::Array(kind, Some(Box::new(values))))))
        }
        _ => column.is_in(values),
    }
}

/// Inserts rows, all with the same columns, in their order; how many were inserted or replaced.
///
/// # Errors
/// Storage.
pub(crate) async fn insert<A>(conn: &Conn, rows: Vec<A>, known: Known<<A::Entity as EntityTrait>::Column>) -> Result<u64>
where
    A: ActiveModelTrait,
{
    if rows.is_empty() {
        return Ok(0);
    }
    if conn.get_database_backend() != DbBackend::Postgres {
        return Ok(insert_many(rows, &known).exec_without_returning(conn).await?);
    }
    let statement = arrays(rows, &known, None);
    Ok(conn.execute_raw(statement).await?.rows_affected())
}

/// As [`insert`], leaving out what is known; gives a column of the rows that were inserted.
///
/// # Errors
/// Storage.
pub(crate) async fn insert_new<A>(conn: &Conn, rows: Vec<A>, told: <A::Entity as EntityTrait>::Column) -> Result<Vec<QueryResult>>
where
    A: ActiveModelTrait,
{
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    if conn.get_database_backend() != DbBackend::Postgres {
        let mut insert = insert_many(rows, &Known::Kept);
        let query = sea_orm::QueryTrait::query(&mut insert);
        query.returning_col(told);
        return Ok(conn.query_all(query).await?);
    }
    Ok(conn.query_all_raw(arrays(rows, &Known::Kept, Some(told))).await?)
}

fn insert_many<A>(rows: Vec<A>, known: &Known<<A::Entity as EntityTrait>::Column>) -> sea_orm::InsertMany<A>
where
    A: ActiveModelTrait,
{
    let insert = A::Entity::insert_many(rows);
    match known {
        Known::Refused => insert,
        Known::Kept => insert.on_conflict(OnConflict::new().do_nothing().to_owned()),
        Known::Replaced { key, columns } => {
            let replace = OnConflict::columns(key.iter().copied()).update_columns(columns.iter().copied()).to_owned();
            insert.on_conflict(replace)
        }
    }
}

/// Rows as arrays: one for each column, and one more where a column has no value in some of them.
struct Given {
    /// Of the columns that have a value in any row, with how each is said in terms of [`Self::from`].
    columns: Vec<(&'static str, String)>,
    from: String,
    arguments: Vec<Value>,
}

fn given<A: ActiveModelTrait>(mut rows: Vec<A>, is_wanted: impl Fn(&str) -> bool) -> Given {
    let (mut columns, mut types, mut names, mut arguments) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut give = |kind: ArrayType, values: Vec<Value>| {
        let name = format!("c{}", names.len() + 1);
        types.push(format!("${}::{}[]", names.len() + 1, type_name(&kind)));
        names.push(name.clone());
        arguments.push(Value::Array(kind, Some(Box::new(values))));
        name
    };
    for column in <A::Entity as EntityTrait>::Column::iter().filter(|column| is_wanted(column.as_str())) {
        let values: Vec<Option<Value>> = rows.iter_mut().map(|row| taken(row, column).filter(Value::is_some)).collect();
        let Some(filler) = values.iter().flatten().next().map(Value::dummy_value) else { continue };
        // The driver's arrays have no NULL in them, so which values are none is an array of its own.
        let has_absent = values.iter().any(Option::is_none);
        let absent: Vec<Value> = values.iter().map(|value| value.is_none().into()).collect();
        let value = give(filler.array_type(), values.into_iter().map(|value| value.unwrap_or_else(|| filler.clone())).collect());
        let said = if has_absent { format!("CASE WHEN {} THEN NULL ELSE {value} END", give(ArrayType::Bool, absent)) } else { value };
        columns.push((column.as_str(), said));
    }
    let from = format!("unnest({}) AS given({})", types.join(", "), names.join(", "));
    Given { columns, from, arguments }
}

fn arrays<A>(rows: Vec<A>, known: &Known<<A::Entity as EntityTrait>::Column>, told: Option<<A::Entity as EntityTrait>::Column>) -> Statement
where
    A: ActiveModelTrait,
{
    // A column without any value is left to be NULL.
    let Given { columns, from, arguments } = given(rows, |_| true);
    let (names, said): (Vec<String>, Vec<String>) = columns.into_iter().map(|(name, said)| (format!("\"{name}\""), said)).unzip();
    let (table, names, said) = (A::Entity::default().table_name().to_owned(), names.join(", "), said.join(", "));
    let mut sql = format!("INSERT INTO \"{table}\" ({names}) SELECT {said} FROM {from}");
    match known {
        Known::Refused => {}
        Known::Kept => sql.push_str(" ON CONFLICT DO NOTHING"),
        Known::Replaced { key, columns } => {
            let key: Vec<String> = key.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
            let set: Vec<String> = columns.iter().map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.as_str())).collect();
            sql.push_str(&format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set.join(", ")));
        }
    }
    if let Some(told) = told {
        sql.push_str(&format!(" RETURNING \"{}\"", told.as_str()));
    }
    Statement::from_sql_and_values(DbBackend::Postgres, sql, arguments)
}

/// Writes these columns of rows that are there, each found by its key.
///
/// # Errors
/// Storage.
pub(crate) async fn update<A>(
    conn: &Conn,
    rows: Vec<A>,
    key: &'static [<A::Entity as EntityTrait>::Column],
    columns: &'static [<A::Entity as EntityTrait>::Column],
) -> Result<()>
where
    A: ActiveModelTrait,
{
    if rows.is_empty() {
        return Ok(());
    }
    if conn.get_database_backend() != DbBackend::Postgres {
        // As there is no other form of it: none of them is inserted, because all are there.
        insert_many(rows, &Known::Replaced { key, columns }).exec_without_returning(conn).await?;
        return Ok(());
    }
    let table = A::Entity::default().table_name().to_owned();
    let given = given(rows, |name| key.iter().chain(columns).any(|column| column.as_str() == name));
    let said = |column: &<A::Entity as EntityTrait>::Column| {
        let found = given.columns.iter().find(|(name, _)| *name == column.as_str());
        found.map_or("NULL", |(_, said)| said.as_str())
    };
    let set: Vec<String> = columns.iter().map(|column| format!("\"{}\" = {}", column.as_str(), said(column))).collect();
    let matches: Vec<String> = key.iter().map(|column| format!("\"{table}\".\"{}\" = {}", column.as_str(), said(column))).collect();
    let sql = format!("UPDATE \"{table}\" SET {} FROM {} WHERE {}", set.join(", "), given.from, matches.join(" AND "));
    conn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, given.arguments)).await?;
    Ok(())
}

fn taken<A: ActiveModelTrait>(row: &mut A, column: <A::Entity as EntityTrait>::Column) -> Option<Value> {
    match row.take(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
        ActiveValue::NotSet => None,
    }
}

/// The name of a type of ours in the database.
fn type_name(kind: &ArrayType) -> &'static str {
    match kind {
        ArrayType::Bool => "boolean",
        ArrayType::SmallInt => "smallint",
        ArrayType::Int => "integer",
        ArrayType::BigInt => "bigint",
        ArrayType::Bytes => "bytea",
        ArrayType::Json => "jsonb",
        ArrayType::ChronoDateTimeUtc => "timestamptz",
        ArrayType::Uuid => "uuid",
        // Texts, and enums, which are stored as texts.
        _ => "text",
    }
}

/// Rows of one statement on SQLite, where the CASE is searched in order for every row.
const NUMBERED: usize = 100;

/// Writes a version into each of these rows of a table.
///
/// # Errors
/// Storage.
pub(super) async fn number(
    conn: &Conn,
    table: &'static str,
    scope: &'static str,
    workspace: WorkspaceId,
    rows: BTreeMap<Uuid, i64>,
) -> Result<()> {
    let (ids, numbers): (Vec<Uuid>, Vec<i64>) = rows.into_iter().unzip();
    if conn.get_database_backend() == DbBackend::Postgres {
        let sql = format!(
            "UPDATE \"{table}\" SET version = given.version FROM unnest($1::uuid[], $2::bigint[]) AS given(id, version) \
             WHERE \"{table}\".\"{scope}\" = $3 AND \"{table}\".id = given.id"
        );
        let arguments = [ids.into(), numbers.into(), workspace.uuid().into()];
        conn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, arguments)).await?;
        return Ok(());
    }
    for (ids, numbers) in ids.chunks(NUMBERED).zip(numbers.chunks(NUMBERED)) {
        let id = || Expr::col(Alias::new("id"));
        let cases = ids.iter().zip(numbers).fold(CaseStatement::new(), |case, (row, number)| case.case(id().eq(*row), *number));
        let update = Query::update()
            .table(Alias::new(table))
            .value(Alias::new("version"), cases.finally(Expr::col(Alias::new("version"))))
            .and_where(Expr::col(Alias::new(scope)).eq(workspace.uuid()))
            .and_where(id().is_in(ids.iter().copied()))
            .to_owned();
        conn.execute(&update).await?;
    }
    Ok(())
}
