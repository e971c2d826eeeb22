//! What this home asked to be signed elsewhere, until it is relayed or void: a request made meanwhile must carry another number.

use rusqlite::{Transaction, params};

use super::{Store, StoreError};
use crate::domain::{Address, Timestamp};

/// A request that may still be signed and relayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// Hash of what is signed (EIP-712).
    pub hash: [u8; 32],
    /// On which chain.
    pub chain_id: u64,
    /// By which registry.
    pub contract: Address,
    /// Who is to sign.
    pub publisher: Address,
    /// The number that the signature will carry.
    pub number: u64,
    /// Until when it is good.
    pub deadline: Timestamp,
}

impl Store {
    /// Notes a request.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn record_request(&self, request: &OpenRequest) -> Result<(), StoreError> {
        self.write("note a request", |transaction| insert(transaction, request))
    }

    /// Notes a request, unless another one that carries its number was noted. False where that is so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn reserve_request(&self, request: &OpenRequest) -> Result<bool, StoreError> {
        self.write("note a request", |transaction| {
            let other = transaction
                .prepare(
                    "SELECT 1 FROM request WHERE chain_id = ?1 AND contract = ?2 AND publisher = ?3 AND number = ?4",
                )?
                .exists(params![
                    request.chain_id.cast_signed(),
                    request.contract.as_bytes(),
                    request.publisher.as_bytes(),
                    request.number.cast_signed(),
                ])?;
            if !other {
                insert(transaction, request)?;
            }
            Ok(!other)
        })
    }

    /// Forgets the request of that hash, where it was noted.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_request(&self, hash: [u8; 32]) -> Result<(), StoreError> {
        self.write("forget a request", |transaction| {
            transaction.execute("DELETE FROM request WHERE hash = ?1", [hash]).map(drop)
        })
    }

    /// The requests to `publisher` that carry `next` or a later number and are good at `now`, by their numbers. Others of the
    /// publisher are forgotten: they are relayed, or void.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_requests(
        &self,
        (chain_id, contract, publisher): (u64, Address, Address),
        next: u64,
        now: Timestamp,
    ) -> Result<Vec<OpenRequest>, StoreError> {
        let of = params![
            chain_id.cast_signed(),
            contract.as_bytes(),
            publisher.as_bytes(),
            next.cast_signed(),
            now.0.cast_signed()
        ];
        self.write("read the requests", |transaction| {
            const OF: &str = "chain_id = ?1 AND contract = ?2 AND publisher = ?3";
            transaction.execute(&format!("DELETE FROM request WHERE {OF} AND (number < ?4 OR deadline < ?5)"), of)?;
            let select = format!(
                "SELECT hash, number, deadline FROM request WHERE {OF} AND number >= ?4 AND deadline >= ?5 ORDER BY number"
            );
            let mut statement = transaction.prepare(&select)?;
            let rows = statement.query_map(of, |row| {
                Ok(OpenRequest {
                    hash: row.get(0)?,
                    chain_id,
                    contract,
                    publisher,
                    number: row.get::<_, i64>(1)?.cast_unsigned(),
                    deadline: Timestamp(row.get::<_, i64>(2)?.cast_unsigned()),
                })
            })?;
            rows.collect()
        })
    }
}

fn insert(transaction: &Transaction<'_>, request: &OpenRequest) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT OR REPLACE INTO request (hash, chain_id, contract, publisher, number, deadline) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                request.hash,
                request.chain_id.cast_signed(),
                request.contract.as_bytes(),
                request.publisher.as_bytes(),
                request.number.cast_signed(),
                request.deadline.0.cast_signed(),
            ],
        )
        .map(drop)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn request(number: u8, deadline: u64) -> OpenRequest {
        OpenRequest {
            hash: [number; 32],
            chain_id: 1,
            contract: Address::from_bytes([1; 20]),
            publisher: Address::from_bytes([2; 20]),
            number: number.into(),
            deadline: Timestamp(deadline),
        }
    }

    #[test]
    fn a_number_is_reserved_once_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("state.db")).unwrap();
        let (first, second) = (request(3, 100), OpenRequest { hash: [9; 32], ..request(3, 100) });
        let elsewhere = OpenRequest { hash: [8; 32], chain_id: 2, ..request(3, 100) };
        let reserved = |request| store.reserve_request(request).unwrap();
        assert_eq!((reserved(&first), reserved(&second), reserved(&first)), (true, false, false));
        assert!(reserved(&elsewhere), "another chain counts for itself");
        store.forget_request(second.hash).unwrap();
        assert!(!reserved(&second));
        store.forget_request(first.hash).unwrap();
        assert!(reserved(&second));
    }

    #[test]
    fn what_is_relayed_or_void_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("state.db")).unwrap();
        let (contract, publisher) = (Address::from_bytes([1; 20]), Address::from_bytes([2; 20]));
        for (number, deadline) in [(3, 100), (4, 50), (5, 100)] {
            store.record_request(&request(number, deadline)).unwrap();
        }
        let of = (1, contract, publisher);
        let numbers = |next, now| {
            let open = store.open_requests(of, next, Timestamp(now)).unwrap();
            open.into_iter().map(|one| one.number).collect::<Vec<_>>()
        };
        assert_eq!(store.open_requests((2, contract, publisher), 9, Timestamp(0)).unwrap(), []);
        assert_eq!(numbers(0, 50), [3, 4, 5]);
        assert_eq!(numbers(4, 60), [5]);
        assert_eq!(numbers(0, 0), [5], "and stays forgotten");
    }
}
