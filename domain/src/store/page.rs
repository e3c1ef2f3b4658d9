//! Keyset pages: [`Sort`] names the order, [`PageRequest`] the wish, [`Page`] the answer. No offsets anywhere.
//!
//! A cursor holds the sort columns' values of one row, so pages neither skip nor repeat rows when others come or go. It
//! is opaque but no secret and not authenticated: a made-up one shows nothing that the query's own scope does not allow.

mod cursor;

use std::{cmp::Ordering, collections::HashMap};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    prelude::Uuid,
    sea_query::{Alias, Expr, ExprTrait, Func, IntoColumnRef, Order, SelectStatement, Value, WindowStatement},
};

use super::Conn;
use crate::{Error, Result};

/// Name of the column that says which list a row belongs to.
const LIST: &str = "list";

/// An order of rows that is total: the last column is unique within the list. No column may be null.
#[derive(Debug, Clone)]
pub struct Sort<E: EntityTrait> {
    name: &'static str,
    columns: Vec<(E::Column, Order)>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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
    /// The page of a list without rows.
    #[must_use]
    pub fn empty(request: &PageRequest) -> Self {
        let (has_next, has_previous) = (request.before.is_some() && request.is_backward, request.after.is_some() && !request.is_backward);
        Self { items: Vec::new(), cursors: Vec::new(), has_next, has_previous }
    }

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
        let items = self.of_page(query, request)?.all(conn).await?;
        Ok(self.cut(items, request))
    }

    /// The rows of a page and one more, from which [`Sort::cut`] makes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor that is not of this list.
    pub(crate) fn of_page(&self, query: Select<E>, request: &PageRequest) -> Result<Select<E>> {
        let mut query = self.within(query, request)?;
        for (column, order) in self.directions(request) {
            query = query.order_by(column, order);
        }
        Ok(query.limit(u64::from(request.limit) + 1))
    }

    /// The same page of several lists at once, each with the id of what it belongs to (`of`); one statement. A list without
    /// rows is left out. `rows` are all that may be shown, `query` selects the lists' members among them, and the last
    /// column of the order is the rows' id.
    ///
    /// # Errors
    /// As [`Sort::page`].
    pub async fn pages(
        &self,
        rows: Select<E>,
        query: Select<E>,
        of: impl IntoColumnRef,
        request: &PageRequest,
        conn: &Conn,
    ) -> Result<HashMap<Uuid, Page<E::Model>>> {
        let mut lists: HashMap<Uuid, Vec<E::Model>> = HashMap::new();
        for row in conn.query_all(&self.of_pages(rows, query, of, request)?).await? {
            lists.entry(row.try_get("", LIST)?).or_default().push(E::Model::from_query_result(&row, "")?);
        }
        Ok(lists.into_iter().map(|(of, items)| (of, self.cut(items, request))).collect())
    }

    /// The rows of [`Sort::pages`], of each list one more than is wanted, in the order in which they are read.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor that is not of this list.
    pub(crate) fn of_pages(
        &self,
        rows: Select<E>,
        query: Select<E>,
        of: impl IntoColumnRef,
        request: &PageRequest,
    ) -> Result<SelectStatement> {
        let [id, list, place, numbered] = ["id", LIST, "place", "numbered"].map(Alias::new);
        let row_id = Expr::col(self.columns.last().expect("an order has a column").0.as_column_ref());
        let of = of.into_column_ref();
        let mut window = WindowStatement::partition_by(of.clone());
        for (column, order) in self.directions(request) {
            window.order_by(column.as_column_ref(), order);
        }
        let mut members = self.within(query, request)?.select_only().into_query();
        members.expr_as(row_id.clone(), id.clone()).expr_as(Expr::col(of), list.clone());
        members.expr_window_as(Func::cust("ROW_NUMBER"), window.to_owned(), place.clone());

        let column = |name: &Alias| Expr::col((numbered.clone(), name.clone()));
        let mut all = rows.into_query();
        all.join_subquery(JoinType::InnerJoin, members, numbered.clone(), column(&id).eq(row_id));
        all.expr_as(column(&list), list.clone()).and_where(column(&place).lte(i64::from(request.limit) + 1));
        all.order_by((numbered.clone(), place.clone()), Order::Asc);
        Ok(all)
    }

    /// As [`Sort::cut`], for rows whose order was lost on the way. Only for orders without texts, whose order only the database
    /// knows.
    pub(crate) fn put_in_order_and_cut(&self, mut items: Vec<E::Model>, request: &PageRequest) -> Page<E::Model> {
        let directions: Vec<_> = self.directions(request).collect();
        items.sort_by(|one, other| {
            let compared = directions.iter().map(|(column, order)| {
                let ordering = compare(&one.get(*column), &other.get(*column));
                if *order == Order::Asc { ordering } else { ordering.reverse() }
            });
            compared.fold(Ordering::Equal, Ordering::then)
        });
        self.cut(items, request)
    }

    /// Narrows a list to what the request's cursors leave of it.
    fn within(&self, query: Select<E>, request: &PageRequest) -> Result<Select<E>> {
        let mut query = query;
        if let Some(after) = &request.after {
            query = query.filter(self.beyond("after", after, false)?);
        }
        if let Some(before) = &request.before {
            query = query.filter(self.beyond("before", before, true)?);
        }
        Ok(query)
    }

    /// The order in which rows are read for a request.
    fn directions(&self, request: &PageRequest) -> impl Iterator<Item = (E::Column, Order)> + Send {
        let is_backward = request.is_backward;
        self.columns.iter().map(move |(column, order)| (*column, if is_backward { reversed(order) } else { order.clone() }))
    }

    /// Makes a page of the rows that were read, which may be one more than were wanted.
    fn cut(&self, mut items: Vec<E::Model>, request: &PageRequest) -> Page<E::Model> {
        let is_more = items.len() > request.limit as usize;
        items.truncate(request.limit as usize);
        if request.is_backward {
            items.reverse();
        }
        let cursors = items.iter().map(|row| self.cursor(row)).collect();
        let (has_next, has_previous) =
            if request.is_backward { (request.before.is_some(), is_more) } else { (is_more, request.after.is_some()) };
        Page { items, cursors, has_next, has_previous }
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

/// How two values of the same column compare, as both databases see it.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::SmallInt(one), Value::SmallInt(other)) => one.cmp(other),
        (Value::Int(one), Value::Int(other)) => one.cmp(other),
        (Value::BigInt(one), Value::BigInt(other)) => one.cmp(other),
        (Value::ChronoDateTimeUtc(one), Value::ChronoDateTimeUtc(other)) => one.cmp(other),
        (Value::Uuid(one), Value::Uuid(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}
