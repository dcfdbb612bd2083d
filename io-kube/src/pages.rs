//! Long lists, read page by page (Kubernetes' `limit` and `continue`).

use std::future::Future;

use pilothouse_protocol::{Failure, metadata};
use serde_json::Value;

use crate::paths::Path;

/// Objects on one page.
const PAGE: &str = "250";

/// A complete list.
#[derive(Debug, Default)]
pub(crate) struct Listed<T> {
    /// What was made of its objects.
    pub(crate) items: Vec<T>,
    /// The resource version at which the list is complete.
    pub(crate) version: String,
}

/// Reads all pages of a list; `read` sends the request for one of them, `made` makes something of its objects.
///
/// # Errors
///
/// What `read` reports. Pages that the server has forgotten meanwhile are read again, all in one.
pub(crate) async fn all_pages<T, F, I>(
    list: &Path,
    read: impl Fn(Path) -> F,
    made: impl Fn(Value) -> I,
) -> Result<Listed<T>, Failure>
where
    F: Future<Output = Result<Value, Failure>>,
    I: Iterator<Item = T>,
{
    let mut listed = Listed { items: Vec::new(), version: String::new() };
    let mut next = list.clone().query("limit", PAGE);
    loop {
        let page = match read(next).await {
            Err(Failure::Api(error)) if error.code == 410 && !listed.items.is_empty() => {
                listed.items.clear();
                read(list.clone()).await?
            }
            page => page?,
        };
        metadata::text(&page, "resourceVersion").clone_into(&mut listed.version);
        let token = metadata::text(&page, "continue").to_owned();
        listed.items.extend(made(page));
        if token.is_empty() {
            return Ok(listed);
        }
        next = list.clone().query("limit", PAGE).query("continue", &token);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use pilothouse_protocol::ApiError;
    use serde_json::json;

    use super::*;

    async fn read(script: Vec<Result<Value, Failure>>) -> (Result<Listed<i64>, Failure>, Vec<String>) {
        let script = Mutex::new(script.into_iter());
        let asked = Mutex::new(Vec::new());
        let page = |path: Path| {
            asked.lock().unwrap().push(path.as_str().to_owned());
            let answer = script.lock().unwrap().next().unwrap();
            async move { answer }
        };
        let numbers = |page: Value| page["items"].as_array().cloned().unwrap_or_default().into_iter();
        let list = Path::collection("v1", "pods", None).query("labelSelector", "a=b");
        let listed = all_pages(&list, page, |page| numbers(page).filter_map(|item| item.as_i64())).await;
        (listed, asked.into_inner().unwrap())
    }

    fn page(items: &[i64], token: &str) -> Result<Value, Failure> {
        Ok(json!({"metadata": {"resourceVersion": "7", "continue": token}, "items": items}))
    }

    #[tokio::test]
    async fn pages_are_put_together() {
        let (listed, asked) = read(vec![page(&[1, 2], "t/1"), page(&[3], "")]).await;
        let listed = listed.unwrap();
        assert_eq!((listed.items, listed.version.as_str()), (vec![1, 2, 3], "7"));
        let first = "/api/v1/pods?labelSelector=a%3Db&limit=250";
        assert_eq!(asked, [first.to_owned(), format!("{first}&continue=t%2F1")]);
    }

    #[tokio::test]
    async fn forgotten_pages_are_read_again() {
        let expired = Err(Failure::Api(ApiError::new(410, "Expired", "too old")));
        let (listed, asked) = read(vec![page(&[1], "t"), expired, page(&[4, 5], "")]).await;
        assert_eq!(listed.unwrap().items, [4, 5]);
        assert_eq!(asked[2], "/api/v1/pods?labelSelector=a%3Db");
        let refused = Err(Failure::Api(ApiError::new(403, "Forbidden", "no")));
        assert!(read(vec![page(&[1], "t"), refused]).await.0.is_err());
    }
}
