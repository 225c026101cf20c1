//! Functions in JavaScript that guests call.
//!
//! What a guest asks goes to an exchange, which tells JavaScript that there is something to take; the guest's thread waits in the core.
//! During `callSync` that thread is JavaScript's own: there the function is called directly.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::mem;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use morphir_extension_host::{
    Abandoned, Block, FunctionCall, HostFunction, HttpRequest, HttpResponse, Network, NetworkGrant, Reply,
};
use napi::bindgen_prelude::{
    Array, Either, Function, FunctionRef, HandleScope, JsObjectValue, Null, Object, Result, ToNapiValue, TypeName,
    Uint8Array, Uint8ArraySlice,
};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, ValueType, sys};
use napi_derive::napi;

/// The key of what carries requests over the network; functions have others.
const NETWORK: u32 = 0;

/// A function that an extension is offered.
#[napi(object)]
pub struct NativeFunction {
    /// Where modules import it from.
    pub namespace: String,
    /// What they call it.
    pub name: String,
    /// By which JavaScript knows it.
    pub key: u32,
    /// Whether it takes bytes and not text.
    pub bytes: bool,
}

/// What a function answered on the thread of its guest.
#[napi(object)]
pub struct NativeAnswer {
    /// Its answer, where it has one.
    pub value: Option<Either<String, Uint8Array>>,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// By which JavaScript finds what it threw.
    pub thrown: Option<u32>,
}

/// Tells JavaScript that the exchange has something. Weak: a guest that waits has a thread that keeps the process alive.
type Ring = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Answers a question on the thread on which it was asked.
pub type Now<'a> = Function<'a, Asked, NativeAnswer>;

/// What guests ask of JavaScript, and who waits for the answers.
#[derive(Default)]
pub struct Exchange {
    state: Mutex<State>,
    ring: OnceLock<Ring>,
}

#[derive(Default)]
struct State {
    ended: bool,
    news: Vec<News>,
    waiting: HashMap<u64, Waiting>,
}

enum Waiting {
    Function(Reply<Block>),
    Request(Reply<HttpResponse>),
}

/// Something that JavaScript has not heard of yet.
pub enum News {
    Asked(Box<Asked>),
    Abandoned(u64, Abandoned),
}

/// A question to JavaScript.
pub struct Asked {
    call: FunctionCall,
    key: u32,
    bytes: bool,
    /// Of a request over the network.
    request: Option<(Arc<NetworkGrant>, u64)>,
}

impl Exchange {
    /// Has `ring` called when there is something to take.
    pub fn open(self: &Arc<Self>, env: &Env, ring: Function<'_, (), ()>) -> Result<()> {
        let ring = ring.build_threadsafe_function().weak::<true>().build()?;
        if self.ring.set(ring).is_ok() {
            let at_end: Weak<Self> = Arc::downgrade(self);
            env.add_env_cleanup_hook(at_end, |exchange| {
                if let Some(exchange) = exchange.upgrade() {
                    exchange.end();
                }
            })?;
        }
        Ok(())
    }

    /// Nobody answers any more: who waits fails.
    fn end(&self) {
        let left = mem::replace(&mut *self.lock(), State { ended: true, ..State::default() });
        // Outside of the lock.
        drop(left);
    }

    /// Takes what there is to hear.
    pub fn take(&self) -> Vec<News> {
        mem::take(&mut self.lock().news)
    }

    /// Answers a function's call; nothing where its guest waits no more.
    pub fn answer(&self, number: u64, result: std::result::Result<Block, Thrown>) {
        let waiting = self.lock().waiting.remove(&number);
        match (waiting, result) {
            (Some(Waiting::Function(reply)), result) => reply.settle(result.map_err(Into::into)),
            (Some(Waiting::Request(reply)), Err(thrown)) => reply.settle(Err(thrown.into())),
            (Some(Waiting::Request(_)), Ok(_)) | (None, _) => {}
        }
    }

    /// Answers a request.
    pub fn respond(&self, number: u64, response: HttpResponse) {
        let waiting = self.lock().waiting.remove(&number);
        if let Some(Waiting::Request(reply)) = waiting {
            reply.settle(Ok(response));
        }
    }

    fn ask(&self, asked: Asked, waiting: Waiting) {
        let Some(ring) = self.ring.get() else { return };
        let mut state = self.lock();
        if state.ended {
            drop(state);
            // Fails, outside of the lock.
            drop(waiting);
            return;
        }
        state.waiting.insert(asked.call.number, waiting);
        state.news.push(News::Asked(Box::new(asked)));
        let first = state.news.len() == 1;
        drop(state);
        if first {
            ring.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn abandon(&self, number: u64, why: Abandoned) {
        let mut state = self.lock();
        let waiting = state.waiting.remove(&number);
        if waiting.is_none() {
            return;
        }
        let before = state.news.len();
        state.news.retain(|news| !matches!(news, News::Asked(asked) if asked.call.number == number));
        if state.news.len() < before {
            // Nobody has heard of it, and nobody need.
            return;
        }
        state.news.push(News::Abandoned(number, why));
        let first = state.news.len() == 1;
        drop(state);
        if first && let Some(ring) = self.ring.get() {
            ring.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A function of an exchange.
pub struct JsFunction {
    pub exchange: Arc<Exchange>,
    pub key: u32,
    pub bytes: bool,
}

impl HostFunction for JsFunction {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        let asked = Asked { call, key: self.key, bytes: self.bytes, request: None };
        match here() {
            Some(now) => reply.settle(now.ask(asked).map_err(Into::into)),
            None => self.exchange.ask(asked, Waiting::Function(reply)),
        }
    }

    fn abandon(&self, number: u64, why: Abandoned) {
        self.exchange.abandon(number, why);
    }
}

/// The network, as JavaScript carries it.
pub struct JsNetwork(pub Arc<Exchange>);

impl Network for JsNetwork {
    fn start(&self, request: HttpRequest, reply: Reply<HttpResponse>) {
        let HttpRequest { call, grant, max_response } = request;
        let asked = Asked { call, key: NETWORK, bytes: true, request: Some((grant, max_response)) };
        match here() {
            Some(now) => {
                let refused = now.ask(asked).err().map_or_else(|| "it cannot be answered".into(), Into::into);
                reply.settle(Err(refused));
            }
            None => self.0.ask(asked, Waiting::Request(reply)),
        }
    }

    fn abandon(&self, number: u64, why: Abandoned) {
        self.0.abandon(number, why);
    }
}

/// What a function threw.
#[derive(Debug)]
pub struct Thrown {
    message: String,
    /// By which JavaScript finds the value itself.
    pub key: Option<u32>,
}

impl Thrown {
    pub const fn new(message: String, key: Option<u32>) -> Self {
        Self { message, key }
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl StdError for Thrown {}

thread_local! {
    /// Those who answer on this thread, innermost last: a function may call `callSync` itself.
    static HERE: RefCell<Vec<Rc<Here>>> = const { RefCell::new(Vec::new()) };
}

struct Here {
    env: Env,
    answer: FunctionRef<Asked, NativeAnswer>,
}

fn here() -> Option<Rc<Here>> {
    HERE.with_borrow(|here| here.last().map(Rc::clone))
}

/// Has `now` answer what guests on this thread ask during `work`.
pub fn answering_here<T>(env: Env, now: Option<Now<'_>>, work: impl FnOnce() -> T) -> Result<T> {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            HERE.with_borrow_mut(Vec::pop);
        }
    }
    let Some(now) = now else { return Ok(work()) };
    let answer = now.create_ref()?;
    HERE.with_borrow_mut(|here| here.push(Rc::new(Here { env, answer })));
    let _leave = Leave;
    Ok(work())
}

impl Here {
    fn ask(&self, asked: Asked) -> std::result::Result<Block, Thrown> {
        let answer = self.call(asked).map_err(|error| Thrown::new(error.reason.clone(), None))?;
        match answer {
            NativeAnswer { failure: Some(message), thrown, .. } => Err(Thrown::new(message, thrown)),
            NativeAnswer { value, .. } => Ok(value.map(bytes)),
        }
    }

    fn call(&self, asked: Asked) -> Result<NativeAnswer> {
        let env = &self.env;
        // A guest may ask a million times before control goes back to JavaScript, which frees values only then.
        let scope = HandleScope::create(env)?;
        let function = self.answer.borrow_back(env)?;
        let answer = function.call(asked);
        // SAFETY: what the answer holds are copies and a reference, and no value made in the scope is used after it.
        unsafe { scope.close(function, |_| Ok(())) }?;
        answer
    }
}

pub fn bytes(value: Either<String, Uint8Array>) -> Vec<u8> {
    match value {
        Either::A(text) => text.into_bytes(),
        Either::B(bytes) => bytes.to_vec(),
    }
}

impl TypeName for Asked {
    fn type_name() -> &'static str {
        "Object"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for Asked {
    unsafe fn to_napi_value(env: sys::napi_env, asked: Self) -> Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let object = asked.into_object(&scope)?;
        // SAFETY: the caller vouches for `env`, and the object was made in it.
        unsafe { Object::to_napi_value(env, object) }
    }
}

impl Asked {
    /// `{ number, ticket, key, extension, method, arguments, answers, grant? }`, where each of `arguments` is a string, a `Uint8Array`
    /// for what is bytes or no text, or null.
    fn into_object(self, env: &Env) -> Result<Object<'_>> {
        let Self { call, key, bytes, request } = self;
        let mut object = Object::new(env)?;
        object.set_named_property("number", call.number.cast_signed())?;
        object.set_named_property("ticket", call.ticket.cast_signed())?;
        object.set_named_property("key", key)?;
        object.set_named_property("extension", call.extension)?;
        object.set_named_property("method", call.method)?;
        object.set_named_property("answers", call.answers)?;
        let mut arguments = env.create_array(0)?;
        for (index, argument) in (0..).zip(call.arguments) {
            match argument.map(|block| if bytes { Err(block) } else { text(block) }) {
                None => arguments.set(index, Null)?,
                Some(Ok(text)) if text.is_ascii() => arguments.set(index, env.create_string_latin1(text)?)?,
                Some(Ok(text)) => arguments.set(index, text)?,
                Some(Err(block)) => arguments.set(index, Uint8ArraySlice::copy_from(env, block)?)?,
            }
        }
        object.set_named_property("arguments", arguments)?;
        if let Some((grant, max_response)) = request {
            let mut written = Object::new(env)?;
            written.set_named_property("any", grant.any)?;
            written.set_named_property("hosts", grant.hosts.clone())?;
            written.set_named_property("maxResponse", max_response.cast_signed())?;
            object.set_named_property("grant", written)?;
        }
        Ok(object)
    }
}

fn text(block: Vec<u8>) -> std::result::Result<String, Vec<u8>> {
    String::from_utf8(block).map_err(std::string::FromUtf8Error::into_bytes)
}

/// News on its way to JavaScript: a list of questions and of `{ number, abandoned }`.
pub struct NewsList(pub Vec<News>);

impl TypeName for NewsList {
    fn type_name() -> &'static str {
        "Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for NewsList {
    unsafe fn to_napi_value(env: sys::napi_env, list: Self) -> Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let mut array = scope.create_array(0)?;
        for (index, news) in (0..).zip(list.0) {
            match news {
                News::Asked(asked) => array.set(index, asked.into_object(&scope)?)?,
                News::Abandoned(number, why) => {
                    let mut entry = Object::new(&scope)?;
                    entry.set_named_property("number", number.cast_signed())?;
                    entry.set_named_property(
                        "abandoned",
                        match why {
                            Abandoned::OutOfTime => "Timeout",
                            Abandoned::Cancelled => "Cancelled",
                        },
                    )?;
                    array.set(index, entry)?;
                }
            }
        }
        // SAFETY: the caller vouches for `env`, and the array was made in it.
        unsafe { Array::to_napi_value(env, array) }
    }
}
