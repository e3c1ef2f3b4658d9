//! Keyset pages: [`Sort`] names the order, [`PageRequest`] the wish, [`Page`] the answer. No offsets anywhere.
//!
//! A cursor holds the sort columns' values of one row, so pages neither skip nor repeat rows when others come or go. It
//! is opaque but no secret and not authenticated: a made-up one shows nothing that the query's own scope does not allow.

mod cursor;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Order, Value},
};

use super::Conn;
use crate::{Error, Result};

/// An order of rows that is total: the last column is unique within the list. No column may be null.
#[derive(Debug, Clone)]
pub struct Sort<E: EntityTrait> {
    name: &'static str,
    columns: Vec<(E::Column, Order)>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    is_backward: bool,
    after: Option<String>,
    before: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the list's order whichever way was asked.
    pub items: Vec<T>,
    /// One cursor per row.
    pub cursors: Vec<String>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede. Exact when asked backward; when asked forward, true as soon as a cursor was given.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            cursors: self.cursors,
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

impl PageRequest {
    /// The first `limit` rows.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { limit, ..Self::default() }
    }

    /// The arguments of a connection: exactly one of `first` and `last`, from 1 to `max`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the argument.
    pub fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>, max: u32) -> Result<Self> {
        let (field, count, is_backward) = match (first, last) {
            (Some(first), None) => ("first", first, false),
            (None, Some(last)) => ("last", last, true),
            _ => return Err(Error::invalid("first", "give exactly one of first and last")),
        };
        match u32::try_from(count) {
            Ok(limit) if (1..=max).contains(&limit) => Ok(Self { limit, is_backward, after, before }),
            _ => Err(Error::invalid(field, format!("must be from 1 to {max}"))),
        }
    }
}

impl<E> Sort<E>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
{
    /// An order; `name` keeps cursors of different lists apart.
    #[must_use]
    pub fn new(name: &'static str, columns: impl IntoIterator<Item = (E::Column, Order)>) -> Self {
        Self { name, columns: columns.into_iter().collect() }
    }

    /// The cursor of a row.
    #[must_use]
    pub fn cursor(&self, row: &E::Model) -> String {
        let values: Vec<Value> = self.columns.iter().map(|(column, _)| row.get(*column)).collect();
        cursor::encode(self.name, &values)
    }

    /// Runs `query` for one page of it; one statement.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor that is not of this list, otherwise storage.
    pub async fn page(&self, query: Select<E>, request: &PageRequest, conn: &Conn) -> Result<Page<E::Model>> {
        let mut query = query;
        if let Some(after) = &request.after {
            query = query.filter(self.beyond("after", after, false)?);
        }
        if let Some(before) = &request.before {
            query = query.filter(self.beyond("before", before, true)?);
        }
        for (column, order) in &self.columns {
            query = query.order_by(*column, if request.is_backward { reversed(order) } else { order.clone() });
        }
        let mut items = query.limit(u64::from(request.limit) + 1).all(conn).await?;
        let is_more = items.len() > request.limit as usize;
        items.truncate(request.limit as usize);
        if request.is_backward {
            items.reverse();
        }
        let cursors = items.iter().map(|row| self.cursor(row)).collect();
        let (has_next, has_previous) =
            if request.is_backward { (request.before.is_some(), is_more) } else { (is_more, request.after.is_some()) };
        Ok(Page { items, cursors, has_next, has_previous })
    }

    /// The rows that come after a cursor, or before it.
    fn beyond(&self, field: &str, text: &str, is_before: bool) -> Result<Condition> {
        let types: Vec<_> = self.columns.iter().map(|(column, _)| column.def().get_column_type().clone()).collect();
        let values = cursor::decode(self.name, &types, text).ok_or_else(|| Error::invalid(field, "not a cursor of this list"))?;
        let is_ascending = |order: &Order| (*order == Order::Asc) != is_before;
        let column = |at: usize| Expr::col(self.columns[at].0.as_column_ref());
        let directions: Vec<bool> = self.columns.iter().map(|(_, order)| is_ascending(order)).collect();

        // All one way: a comparison of rows, which both databases answer from an index.
        if directions.iter().all(|ascending| *ascending == directions[0]) {
            let columns = Expr::tuple((0..values.len()).map(column));
            let values = Expr::tuple(values.into_iter().map(Expr::val));
            return Ok(Condition::all().add(if directions[0] { columns.gt(values) } else { columns.lt(values) }));
        }
        // Otherwise: a beyond x, or a = x and b beyond y, or …
        let mut any = Condition::any();
        for last in 0..values.len() {
            let mut all = Condition::all();
            for (at, value) in values.iter().enumerate().take(last) {
                all = all.add(column(at).eq(value.clone()));
            }
            let value = values[last].clone();
            any = any.add(all.add(if directions[last] { column(last).gt(value) } else { column(last).lt(value) }));
        }
        Ok(any)
    }
}

fn reversed(order: &Order) -> Order {
    if *order == Order::Asc { Order::Desc } else { Order::Asc }
}
