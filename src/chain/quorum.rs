//! Several endpoints of one network, asked together.
//!
//! An answer counts when as many endpoints as must agree say the same, and more than say anything else. Whoever says
//! otherwise, or nothing, is named as a [`Dissent`]. Nobody waits for a slow one once the others agree.

use std::{cmp::Reverse, future::Future, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Join, Ready, join, ready},
    stream::FuturesUnordered,
};
use tokio::time::{Instant, timeout_at};

use super::{Chain, ChainError, Endpoint};
use crate::domain::network::Dissent;

/// What those who agree grant the others at least, so that their answers are heard too.
const GRACE: Duration = Duration::from_millis(250);

/// What each endpoint said, in their order; `None` for those that nobody waited for.
pub(super) type Answers<T> = Vec<Option<Result<T, ChainError>>>;

/// What enough endpoints agree on.
pub(super) struct Agreed<T> {
    /// Their answers, in the order of the endpoints, with the endpoint's name.
    pub(super) answers: Vec<(String, T)>,
    pub(super) dissent: Vec<Dissent>,
    /// Which endpoint each dissent is of.
    pub(super) dissenters: Vec<usize>,
    /// The names of those among them that have another answer.
    pub(super) otherwise: Vec<String>,
}

impl<T> Agreed<T> {
    /// The first answer: all are the same in what was compared.
    pub(super) fn into_first(self) -> Option<T> {
        self.answers.into_iter().next().map(|(_, answer)| answer)
    }
}

impl Chain {
    /// Asks all endpoints at once, until `is_enough`. The others have as much time again.
    pub(super) async fn ask<T, F: Future<Output = Result<T, ChainError>>>(
        &self,
        question: impl Fn(Endpoint) -> F,
        is_enough: impl Fn(&Answers<T>) -> bool,
    ) -> Answers<T> {
        self.ask_for_a_while(question, is_enough).await.0
    }

    /// The same, and the questions that nobody waited for: whoever has a use for their answers goes on with them.
    pub(super) async fn ask_for_a_while<T, F: Future<Output = Result<T, ChainError>>>(
        &self,
        question: impl Fn(Endpoint) -> F,
        is_enough: impl Fn(&Answers<T>) -> bool,
    ) -> (Answers<T>, FuturesUnordered<Join<Ready<usize>, F>>) {
        let began = Instant::now();
        let mut answers: Answers<T> = self.endpoints().iter().map(|_| None).collect();
        let numbered = |(index, endpoint): (usize, &Endpoint)| join(ready(index), question(endpoint.clone()));
        let mut asked: FuturesUnordered<_> = self.endpoints().iter().enumerate().map(numbered).collect();
        let mut until = None;
        loop {
            let next = match until {
                None => asked.next().await,
                Some(until) => timeout_at(until, asked.next()).await.ok().flatten(),
            };
            let Some((index, answer)) = next else { return (answers, asked) };
            answers[index] = Some(answer);
            if until.is_none() && is_enough(&answers) {
                let now = Instant::now();
                until = Some(now + (now - began).max(GRACE));
            }
        }
    }

    /// Asks all endpoints at once, until enough of them have an answer.
    pub(super) async fn ask_enough<T, F: Future<Output = Result<T, ChainError>>>(
        &self,
        question: impl Fn(Endpoint) -> F,
    ) -> Answers<T> {
        self.ask(question, |answers| {
            answers.iter().flatten().filter(|answer| answer.is_ok()).count() >= self.must_agree()
        })
        .await
    }

    /// Asks all endpoints at once for what they must agree on: answers with the same `key` are the same.
    ///
    /// # Errors
    /// The error on which enough of them agree; [`ChainError::Disagreement`]. Of a single endpoint its own error.
    pub(super) async fn agreed<T, K: PartialEq, F: Future<Output = Result<T, ChainError>>>(
        &self,
        question: impl Fn(Endpoint) -> F,
        key: impl Fn(&T) -> K,
    ) -> Result<Agreed<T>, ChainError> {
        let answers = self.ask(question, |answers| self.majority(answers, &key).is_some()).await;
        let Some(majority) = self.majority(&answers, &key) else { return Err(self.disagreement(answers)) };
        let mut agreed =
            Agreed { answers: Vec::new(), dissent: Vec::new(), dissenters: Vec::new(), otherwise: Vec::new() };
        let mut refusal = None;
        for (index, (answer, endpoint)) in answers.into_iter().zip(self.endpoints()).enumerate() {
            let name = endpoint.name().to_owned();
            match answer {
                Some(Ok(answer)) if majority.contains(&index) => agreed.answers.push((name, answer)),
                Some(Err(error)) if majority.contains(&index) => refusal = refusal.or(Some(error)),
                other => {
                    agreed.otherwise.extend(matches!(other, Some(Ok(_))).then_some(name));
                    agreed.dissent.push(dissent(endpoint, other));
                    agreed.dissenters.push(index);
                }
            }
        }
        refusal.map_or(Ok(agreed), Err)
    }

    /// Which endpoints say the same, if they are enough, and no others are as many.
    fn majority<T, K: PartialEq>(&self, answers: &Answers<T>, key: impl Fn(&T) -> K) -> Option<Vec<usize>> {
        let mut groups: Vec<(Result<K, &'static str>, Vec<usize>)> = Vec::new();
        for (index, answer) in answers.iter().enumerate() {
            let word = match answer {
                Some(Ok(answer)) => Ok(key(answer)),
                Some(Err(error)) if error.is_answer() => Err(error.code()),
                _ => continue,
            };
            match groups.iter_mut().find(|(known, _)| *known == word) {
                Some((_, members)) => members.push(index),
                None => groups.push((word, vec![index])),
            }
        }
        groups.sort_by_key(|(_, members)| Reverse(members.len()));
        let runner_up = groups.get(1).map_or(0, |(_, members)| members.len());
        let (_, first) = groups.into_iter().next()?;
        (first.len() >= self.must_agree() && first.len() > runner_up).then_some(first)
    }

    /// Why there is no answer that enough endpoints agree on.
    pub(super) fn disagreement<T>(&self, answers: Answers<T>) -> ChainError {
        let answered = answers.iter().flatten().filter(|answer| answer.is_ok()).count();
        let mut said = Vec::with_capacity(answers.len());
        let mut causes = Vec::new();
        for (answer, endpoint) in answers.into_iter().zip(self.endpoints()) {
            if let Some(Err(error)) = &answer {
                causes.push(error.clone());
            }
            match answer {
                Some(Err(error)) if self.endpoints().len() == 1 => return error,
                // Beside none who says anything else, it tells nothing otherwise.
                Some(Ok(_)) if answered == 1 => {
                    said.push(Dissent { endpoint: endpoint.name().to_owned(), cause: "it answers alone".to_owned() });
                }
                answer => said.push(dissent(endpoint, answer)),
            }
        }
        ChainError::Disagreement {
            answered,
            network: self.network().to_owned(),
            needed: self.must_agree(),
            of: self.endpoints().len(),
            cause: said.iter().map(|one| format!("`{}`: {}", one.endpoint, one.cause)).collect::<Vec<_>>().join("; "),
            causes,
        }
    }
}

fn dissent<T>(endpoint: &Endpoint, answer: Option<Result<T, ChainError>>) -> Dissent {
    let cause = match answer {
        Some(Ok(_)) => "it tells otherwise".to_owned(),
        Some(Err(error)) => error.to_string(),
        None => match endpoint.transport().trouble() {
            Some(trouble) => format!("it is asked again, and the others did not wait for it ({trouble})"),
            None => "it is slower than the others, which did not wait for it".to_owned(),
        },
    };
    Dissent { endpoint: endpoint.name().to_owned(), cause }
}
