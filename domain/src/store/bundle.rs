//! Several sets of rows in one statement: each is a table expression that later ones may refer to, and the statement is the
//! union of all of them.
//!
//! What belongs to a list is so read with the list, in one round trip and from one moment, and the statement's text does
//! not depend on how many rows there are: databases plan it once. Columns of different tables that have the same name and
//! type share a column of the union; tables that do not agree stand in another *lane*, whose names have a prefix.

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult, QueryTrait, Select,
    sea_query::{ColumnType, CommonTableExpression, Expr, Query, SelectStatement, WithClause},
};

use super::Conn;
use crate::Result;

/// Prefixes of the lanes' columns: more kinds of conflicts than our tables have.
const LANES: [&str; 4] = ["", "b_", "c_", "d_"];
/// Tells the sets apart.
const SET: &str = "set_number";
/// Shapes of statements that are kept. Which there are is up to clients, so there must be an end.
const MOST_SHAPES: usize = 500;

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Bundle {
    expressions: WithClause,
    sets: Vec<SetOf>,
}

/// A set's name and table.
#[derive(Clone, Copy)]
struct SetOf {
    name: &'static str,
    table: &'static str,
    columns: fn() -> Vec<Column>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Column {
    name: &'static str,
    /// Of PostgreSQL; what SQLite makes of it does not matter.
    sql_type: &'static str,
}

/// A set of rows within a [`Bundle`].
pub(crate) struct Part<E> {
    name: &'static str,
    number: usize,
    entity: PhantomData<fn() -> E>,
}

impl<E> Clone for Part<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Part<E> {}

impl<E: EntityTrait> Part<E> {
    /// A column of the set's rows, for the condition of a later set.
    pub(crate) fn column(&self, column: E::Column) -> SelectStatement {
        Query::select().column(column).from(self.name).to_owned()
    }

    /// As [`Part::column`], of the rows that fulfil a condition.
    pub(crate) fn column_where(&self, column: E::Column, condition: Expr) -> SelectStatement {
        self.column(column).and_where(condition).to_owned()
    }
}

/// What a [`Bundle`] has read.
pub(crate) struct Bundled {
    rows: Vec<Vec<QueryResult>>,
    shape: Arc<Shape>,
}

impl Bundle {
    /// Adds the rows of a table that `rows` selects, with all columns. The name is used once in a statement.
    pub(crate) fn add<E: EntityTrait>(&mut self, name: &'static str, rows: Select<E>) -> Part<E> {
        self.add_statement(name, rows.into_query())
    }

    /// As [`Bundle::add`], for a statement that may select other columns besides.
    pub(crate) fn add_statement<E: EntityTrait>(&mut self, name: &'static str, rows: SelectStatement) -> Part<E> {
        self.expressions.cte(CommonTableExpression::new().table_name(name).query(rows).to_owned());
        self.sets.push(SetOf { name, table: E::default().as_str(), columns: columns_of::<E> });
        Part { name, number: self.sets.len() - 1, entity: PhantomData }
    }

    /// Runs the statement, which has one set at least.
    ///
    /// # Errors
    /// Storage.
    pub(crate) async fn read(self, conn: &Conn) -> Result<Bundled> {
        let shape = Shape::of(&self.sets);
        let mut rows: Vec<Vec<QueryResult>> = self.sets.iter().map(|_| Vec::new()).collect();
        // The text says what is selected from which set, and holds nothing else.
        let statement = Query::select().expr(Expr::cust(shape.union.clone())).with_cte(self.expressions).to_owned();
        for row in conn.query_all(&statement).await? {
            let number: i32 = row.try_get("", SET)?;
            let set = usize::try_from(number).ok().and_then(|number| rows.get_mut(number));
            set.ok_or_else(|| DbErr::Type("a row of no set".to_owned()))?.push(row);
        }
        Ok(Bundled { rows, shape })
    }
}

impl Bundled {
    /// The rows of a set, in the order in which the database gave them; a second time none.
    ///
    /// # Errors
    /// Storage, for a row that does not fit its type.
    pub(crate) fn take<E: EntityTrait>(&mut self, part: Part<E>) -> Result<Vec<E::Model>> {
        let (rows, prefix) = (std::mem::take(&mut self.rows[part.number]), self.shape.prefixes[part.number]);
        Ok(rows.iter().map(|row| E::Model::from_query_result(row, prefix)).collect::<Result<_, _>>()?)
    }

    /// As [`Bundled::take`], for a set that may have been left out.
    ///
    /// # Errors
    /// As [`Bundled::take`].
    pub(crate) fn take_any<E: EntityTrait>(&mut self, part: Option<Part<E>>) -> Result<Vec<E::Model>> {
        part.map_or_else(|| Ok(Vec::new()), |part| self.take(part))
    }
}

/// How the rows of several sets lie in one union.
struct Shape {
    /// What stands behind the first `SELECT`.
    union: String,
    /// Of each set, that of its columns.
    prefixes: Vec<&'static str>,
}

impl Shape {
    /// The shape of a statement over these sets. Making one takes longer than many a statement, so it is kept.
    fn of(sets: &[SetOf]) -> Arc<Self> {
        /// By names and tables.
        type Kept = HashMap<Vec<(&'static str, &'static str)>, Arc<Shape>>;
        static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(RwLock::default);
        let key: Vec<_> = sets.iter().map(|set| (set.name, set.table)).collect();
        if let Some(known) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let made = Arc::new(Self::make(sets));
        let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_SHAPES {
            kept.insert(key, Arc::clone(&made));
        }
        made
    }

    fn make(sets: &[SetOf]) -> Self {
        let (mut all, mut lanes) = (Vec::<(usize, Column)>::new(), Vec::new());
        let columns: Vec<_> = sets.iter().map(|set| (set.columns)()).collect();
        for columns in &columns {
            let clashes = |lane: usize, column: &Column| {
                all.iter().any(|(of, known)| *of == lane && known.name == column.name && known.sql_type != column.sql_type)
            };
            let lane = (0..LANES.len()).find(|lane| !columns.iter().any(|column| clashes(*lane, column)));
            let lane = lane.expect("there are more lanes than types of one name");
            for column in columns {
                if !all.contains(&(lane, *column)) {
                    all.push((lane, *column));
                }
            }
            lanes.push(lane);
        }
        let branches: Vec<_> = sets
            .iter()
            .zip(&columns)
            .enumerate()
            .map(|(number, (set, columns))| {
                let mut branch = if number == 0 { format!("0 AS \"{SET}\"") } else { format!("SELECT {number}") };
                for (lane, column) in &all {
                    let is_own = *lane == lanes[number] && columns.contains(column);
                    let Column { name, sql_type } = column;
                    // The first branch gives the columns their names and types.
                    branch += &match (is_own, number) {
                        (true, 0) => format!(", \"{name}\" AS \"{}{name}\"", LANES[*lane]),
                        (true, _) => format!(", \"{name}\""),
                        (false, 0) => format!(", CAST(NULL AS {sql_type}) AS \"{}{name}\"", LANES[*lane]),
                        (false, _) => ", NULL".to_owned(),
                    };
                }
                branch + &format!(" FROM \"{}\"", set.name)
            })
            .collect();
        Self { union: branches.join(" UNION ALL "), prefixes: lanes.into_iter().map(|lane| LANES[lane]).collect() }
    }
}

fn columns_of<E: EntityTrait>() -> Vec<Column> {
    E::Column::iter().map(|column| Column { name: column.as_str(), sql_type: sql_type(column.def().get_column_type()) }).collect()
}

/// The type of a column that may be empty in a union. PostgreSQL takes an untyped one for text.
fn sql_type(column: &ColumnType) -> &'static str {
    match column {
        ColumnType::Uuid => "uuid",
        ColumnType::SmallInteger => "smallint",
        ColumnType::Integer => "integer",
        ColumnType::BigInteger => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::TimestampWithTimeZone => "timestamptz",
        ColumnType::Json => "json",
        ColumnType::JsonBinary => "jsonb",
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => "bytea",
        ColumnType::Double => "double precision",
        _ => "text",
    }
}
