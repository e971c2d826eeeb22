//! What a registry lists: a repository's tags, and its repositories. Lists may have millions of entries, in one answer or many.

use std::fmt;

use reqwest::{Response, Url, header::LINK};
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    Access, RegistryError, Repository,
    endpoint::{Ask, Endpoint, read_up_to},
    error::Call,
};
use crate::domain::Reference;

/// Names that are asked for at once.
const PAGE: usize = 1000;
/// Bytes that are read of one answer: older registries give all names at once, whatever was asked (distribution 2.8).
const PAGE_BYTES: usize = 8 << 20;
/// Answers that are read for one list.
const PAGES: usize = 1000;
/// Longest name that is kept: registry and repository together have 255 bytes.
const NAME_BYTES: usize = 255;

/// Names in their order. Of a list that is cut these are the registry's first, which older ones give in no order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Tags or repositories: valid by the grammar of references.
    pub names: Vec<String>,
    /// There are more.
    pub is_cut: bool,
}

/// Which names are kept.
type Wanted<'a> = dyn Fn(&str) -> bool + Sync + 'a;

impl Repository {
    /// The repository's first `limit` tags; `None` where there is no such repository.
    ///
    /// # Errors
    /// When the registry does not answer, or refuses.
    pub async fn tags(&self, limit: usize) -> Result<Option<Listing>, RegistryError> {
        self.tags_where(limit, &|_| true).await
    }

    /// The first `limit` of the repository's tags that are `wanted`.
    ///
    /// # Errors
    /// As [`Repository::tags`].
    pub async fn tags_where(&self, limit: usize, wanted: &Wanted<'_>) -> Result<Option<Listing>, RegistryError> {
        let call = self.call(format!("list the tags of `{}`", self.reference().name()));
        let origin = self.origin().ok_or_else(|| call.unreachable("it has no address"))?;
        let first = self.url(origin, "tags/list", &call)?;
        let name = self.reference().name();
        let is_tag = |tag: &str| format!("{name}:{tag}").parse::<Reference>().is_ok() && wanted(tag);
        list(origin, first, &self.scope("pull"), ("tags", limit, &is_tag), &call).await
    }
}

/// A registry's first `limit` repositories that are `wanted`; `None` where it does not list them.
///
/// # Errors
/// When the registry does not answer, or refuses.
pub async fn catalog(
    registry: &str,
    access: &Access,
    limit: usize,
    wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Option<Listing>, RegistryError> {
    let call = Call { operation: "list its repositories".to_owned(), registry: registry.to_owned() };
    let endpoint = Endpoint::connect(registry, "", access, &call).await?;
    let first = endpoint.base.join("_catalog").map_err(|error| call.malformed(&error.to_string()))?;
    let is_repository = |name: &str| {
        format!("{registry}/{name}").parse::<Reference>().is_ok_and(|it| it.repository() == name) && wanted(name)
    };
    list(&endpoint, first, "registry:catalog:*", ("repositories", limit, &is_repository), &call).await
}

/// Follows a list from page to page.
async fn list(
    endpoint: &Endpoint,
    first: Url,
    scope: &str,
    what: (&'static str, usize, &Wanted<'_>),
    call: &Call,
) -> Result<Option<Listing>, RegistryError> {
    let mut listing = follow(endpoint, first, scope, what, call).await?;
    if let Some(listing) = &mut listing {
        listing.names.sort_unstable();
        listing.names.dedup();
    }
    Ok(listing)
}

async fn follow(
    endpoint: &Endpoint,
    mut url: Url,
    scope: &str,
    (key, limit, wanted): (&'static str, usize, &Wanted<'_>),
    call: &Call,
) -> Result<Option<Listing>, RegistryError> {
    url.query_pairs_mut().append_pair("n", &PAGE.to_string());
    let mut listing = Listing::default();
    for _ in 0..PAGES {
        let Some(response) = endpoint.read(&Ask::get(url.clone(), scope), call).await? else {
            // A repository may have lost its last tag meanwhile.
            return Ok(Some(listing).filter(|listing| !listing.names.is_empty()));
        };
        let next = next_page(&response, call)?;
        let (bytes, is_whole) = read_up_to(response, PAGE_BYTES, call).await?;
        let mut page = Page { key, limit, wanted, listing: &mut listing };
        let read = page.deserialize(&mut serde_json::Deserializer::from_slice(&bytes));
        if listing.is_cut {
            return Ok(Some(listing));
        }
        match read {
            Err(error) if !is_whole && error.is_eof() => listing.is_cut = true,
            Err(_) => return Err(call.malformed("it is no list of names")),
            Ok(()) => {}
        }
        match next {
            _ if listing.is_cut => return Ok(Some(listing)),
            None => return Ok(Some(listing)),
            Some(next) if next == url => return Err(call.malformed("its list leads to itself")),
            Some(next) if next.origin() != endpoint.base.origin() => {
                return Err(call.malformed("its list goes on at another host"));
            }
            Some(next) => url = next,
        }
    }
    listing.is_cut = true;
    Ok(Some(listing))
}

/// `Link: </v2/name/tags/list?last=b&n=2>; rel="next"` (RFC 5988; distribution-spec, *Content Discovery*).
fn next_page(response: &Response, call: &Call) -> Result<Option<Url>, RegistryError> {
    let links = response.headers().get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let next = links.flat_map(|value| value.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters.split(';').any(|it| matches!(it.trim(), "rel=\"next\"" | "rel=next")).then_some(target)
    });
    let joined = next.map(|target| response.url().join(target)).transpose();
    joined.map_err(|_| call.malformed("its list goes on at no address"))
}

/// Takes the names of one answer, one after the other, so that what is read of a broken one counts.
struct Page<'a, 'w> {
    key: &'static str,
    limit: usize,
    wanted: &'a Wanted<'w>,
    listing: &'a mut Listing,
}

impl Page<'_, '_> {
    fn deserialize<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(Outer(self))
    }
}

struct Outer<'p, 'a, 'w>(&'p mut Page<'a, 'w>);

impl<'de> Visitor<'de> for Outer<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0.key {
                map.next_value_seed(Names(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Names<'p, 'a, 'w>(&'p mut Page<'a, 'w>);

impl<'de> DeserializeSeed<'de> for Names<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // `null` for no tags at all (distribution 2.8).
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Page { limit, wanted, listing, .. } = self.0;
        while let Some(name) = items.next_element::<String>()? {
            if listing.is_cut || name.len() > NAME_BYTES || !wanted(&name) {
                continue;
            }
            if listing.names.len() == *limit {
                listing.is_cut = true;
            } else {
                listing.names.push(name);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(text: &str, limit: usize) -> (Listing, Result<(), serde_json::Error>) {
        let mut listing = Listing::default();
        let mut page = Page { key: "tags", limit, wanted: &|name| name != "no", listing: &mut listing };
        let result = page.deserialize(&mut serde_json::Deserializer::from_str(text));
        (listing, result)
    }

    #[test]
    fn names_are_taken_up_to_the_limit_and_as_far_as_they_came() {
        let names = |listing: &Listing| listing.names.join(" ");
        let (listing, result) = read(r#"{"name":"a","tags":["1","no","2"]}"#, 2);
        assert_eq!((names(&listing).as_str(), listing.is_cut), ("1 2", false));
        result.unwrap();
        let (listing, _) = read(r#"{"tags":["1","2","3"]}"#, 2);
        assert_eq!((names(&listing).as_str(), listing.is_cut), ("1 2", true));
        let (listing, result) = read(r#"{"tags":["1","2","3"#, 9);
        assert_eq!(names(&listing), "1 2");
        assert!(result.unwrap_err().is_eof());
        assert!(read(r#"{"tags":null}"#, 9).1.is_ok());
        for bad in ["[]", r#"{"tags":{}}"#, r#"{"tags":[1]}"#, "<html>"] {
            assert!(!read(bad, 9).1.unwrap_err().is_eof(), "{bad}");
        }
    }
}
