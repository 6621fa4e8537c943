//! Everything that is known to get the better of an embedded Lua, against the host: each attack ends in a refusal
//! within its budget, and afterwards the same set answers an honest question as before.

#![cfg(test)]

mod question;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use question::question;
use readmit_policy::limits::MAX_CAUSE_BYTES;
use readmit_policy::workbench::testing::{Options, Suite};
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::verdict::Verdict;
use rustix::time::{ClockId, clock_gettime};

/// Processor time within which every attack has to be over: the budget of 100 ms, and what lies between two looks
/// at the clock in a test build on a busy machine.
const OVER: Duration = Duration::from_millis(600);

/// An attack inside a function of a policy: its name, its code, and what the cause must hold.
type Attack = (&'static str, &'static str, &'static str);

const BUDGET: &str = "budget";

/// Loops that Lua itself runs.
const LOOPS: &[Attack] = &[
    ("while", "while true do end", BUDGET),
    ("repeat", "repeat until false", BUDGET),
    ("for", "for i = 1, 1e18 do end", BUDGET),
    ("for by almost zero", "for i = 1, math.huge, 1e-300 do end", BUDGET),
    ("continue", "while true do continue end", BUDGET),
    ("recursion", "local function f() return 1 + f() end return f()", "stack overflow"),
    ("tail recursion", "local function f() return f() end return f()", "stack overflow"),
    (
        "mutual recursion",
        "local f, g function f() return g() end function g() return f() end return f()",
        "stack overflow",
    ),
    (
        "recursion that branches",
        "local function f(n) if n == 0 then return 1 end return f(n - 1) + f(n - 1) end return f(60)",
        BUDGET,
    ),
    ("spinning iterator", "for _ in function() return 1 end do end", BUDGET),
    (
        "__index that calls",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x",
        "overflow",
    ),
    ("__index that is itself", "local t = {} setmetatable(t, t) t.__index = t return t.x", "__index"),
    (
        "__newindex that calls",
        "local t t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end }) t.x = 1",
        "overflow",
    ),
    (
        "__call that is itself",
        "local t = setmetatable({}, {}) getmetatable(t).__call = t t()",
        "attempt to call",
    ),
    (
        "__tostring that spins",
        "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
        BUDGET,
    ),
    (
        "__tostring that calls tostring",
        "local t = setmetatable({}, { __tostring = function(t) return tostring(t) end }) tostring(t)",
        "overflow",
    ),
    (
        "__tostring in format",
        "string.format('%s', setmetatable({}, { __tostring = function() while true do end end }))",
        BUDGET,
    ),
    (
        "__tostring of an error",
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        BUDGET,
    ),
    (
        "__eq that spins",
        "local m = { __eq = function() while true do end end } return setmetatable({}, m) == setmetatable({}, m)",
        BUDGET,
    ),
    (
        "__lt that spins",
        "local m = { __lt = function() while true do end end } return setmetatable({}, m) < setmetatable({}, m)",
        BUDGET,
    ),
    (
        "__concat that spins",
        "return setmetatable({}, { __concat = function() while true do end end }) .. 'x'",
        BUDGET,
    ),
    ("__len that spins", "return #setmetatable({}, { __len = function() while true do end end })", BUDGET),
    (
        "__iter that spins",
        "for _ in setmetatable({}, { __iter = function() while true do end end }) do end",
        BUDGET,
    ),
    (
        "__gc",
        "setmetatable({}, { __gc = function() while true do end end }) while true do local _ = {} end",
        BUDGET,
    ),
];

/// Attempts to outlive the interrupt.
const SURVIVORS: &[Attack] = &[
    ("pcall of a loop", "pcall(function() while true do end end) return prove { 'email' }", BUDGET),
    ("loop of pcalls", "local function spin() while true do end end while true do pcall(spin) end", BUDGET),
    (
        "nested pcalls",
        "local function spin() while true do end end pcall(pcall, pcall, pcall, spin) while true do end",
        BUDGET,
    ),
    ("recursive pcall", "local function f() pcall(f) end while true do f() end", BUDGET),
    ("pcall that forks", "local function f() pcall(f) pcall(f) end f()", BUDGET),
    (
        "xpcall with a handler that spins",
        "xpcall(function() while true do end end, function() while true do end end)",
        BUDGET,
    ),
    (
        "xpcall with a handler that is itself",
        "local function f() xpcall(f, f) end while true do f() end",
        BUDGET,
    ),
    (
        "handler of handlers",
        "local function h() xpcall(error, h) end xpcall(error, h) while true do end",
        BUDGET,
    ),
    (
        "pcall that hides exhaustion",
        "local ok = pcall(function() while true do end end) return prove { 'password', 'email' }",
        BUDGET,
    ),
    (
        "sort that hides exhaustion",
        "pcall(table.sort, { 3, 2, 1 }, function() while true do end end) return prove { 'email' }",
        BUDGET,
    ),
    (
        "gsub that hides exhaustion",
        "pcall(string.gsub, 'x', 'x', function() while true do end end) return prove { 'email' }",
        BUDGET,
    ),
    (
        "pcall that hides memory",
        "pcall(function() local s = 'a' while true do s = s .. s end end) return prove { 'password', 'email' }",
        BUDGET,
    ),
    (
        "xpcall that hides memory",
        "xpcall(function() local s = 'a' while true do s = s .. s end end, function() end) return prove { 'email' }",
        BUDGET,
    ),
    (
        "pcall in pcall that hides memory",
        "pcall(pcall, function() local t = {} while true do t[#t + 1] = table.create(4000, 0) end end) return prove { 'email' }",
        BUDGET,
    ),
    (
        "pcall of a word that hides memory",
        "local t = {} pcall(function() while true do t[#t + 1] = table.create(4000, 0) end end) return prove { 'email' }",
        BUDGET,
    ),
    ("coroutine", "coroutine.wrap(function() while true do end end)()", "there is no `"),
    ("coroutine of coroutines", "local function f() coroutine.wrap(f)() end f()", "there is no `"),
    ("yield", "coroutine.yield(prove { 'email' })", "there is no `"),
];

/// Patterns and searches, which run in C.
const PATTERNS: &[Attack] = &[
    (".- thirty times", "return string.rep('a', 3000):find(string.rep('.-', 30) .. 'b')", BUDGET),
    ("a* twenty-eight times", "return string.rep('a', 3000):match(string.rep('a*', 28) .. 'b')", BUDGET),
    ("a?aa", "return string.rep('a', 60):match(string.rep('a?', 60) .. 'b')", BUDGET),
    ("gsub", "while true do string.rep('a', 4000):gsub(string.rep('.-', 20) .. 'b', '') end", BUDGET),
    ("gmatch", "for _ in string.rep('a', 4000):gmatch(string.rep('.-', 20) .. 'b') do end", BUDGET),
    ("%b", "while true do string.rep('(', 4000):find('%b()') end", BUDGET),
    ("back reference", "return string.rep('a', 4000):find('(.-)(.-)(.-)%1%2%3b')", BUDGET),
    ("frontier", "while true do string.rep('a', 4000):find('%f[b].-%f[c]') end", BUDGET),
    ("huge set", "return string.rep('a', 60000):find('[' .. string.rep('b', 10000) .. ']*c')", "at most"),
    ("huge set by method", "local s = string.rep('a', 60000) return s:find('[^' .. s .. ']')", "at most"),
    (
        "allowed set for long",
        "while true do string.rep('a', 4000):find('[' .. string.rep('b', 120) .. ']*c') end",
        BUDGET,
    ),
    (
        "plain find",
        "local s = string.rep('a', 60000) s = s .. s .. s .. s return (s .. s):find(s .. 'b', 1, true)",
        "at most",
    ),
    (
        "find built by doubling",
        "local s = 'a' for i = 1, 22 do s = s .. s end return s:find(s .. 'b', 1, true)",
        "at most",
    ),
    ("split", "local s = string.rep('a', 60000) return s:split(string.rep('a', 30000) .. 'b')", "at most"),
    ("pattern that recurses", "return ('x'):match(string.rep('(', 100))", "too many captures"),
    ("malformed", "return ('x'):match('%')", "pattern"),
    ("long replacement", "return string.rep('a', 4000):gsub('a', string.rep('b', 60000))", "at most"),
    ("replacement bomb", "return string.rep('a', 4000):gsub('a', string.rep('b', 4000)):rep(9)", BUDGET),
    (
        "replacement by function",
        "return string.rep('a', 4000):gsub('a', function() return string.rep('b', 60000) end)",
        BUDGET,
    ),
    ("utf8.len", "local s = 'a' for i = 1, 22 do s = s .. s end while true do utf8.len(s) end", "at most"),
    ("tonumber", "local s = ' ' for i = 1, 22 do s = s .. s end while true do tonumber(s) end", "at most"),
    (
        "arithmetic on a long text",
        "local s = ' ' for i = 1, 22 do s = s .. s end local n = s .. '1' while true do local _ = n + 1 end",
        BUDGET,
    ),
    (
        "comparison of long texts",
        "local s = 'a' for i = 1, 20 do s = s .. s end local a, b = s .. 'b', s .. 'c' while true do local _ = a < b end",
        BUDGET,
    ),
];

/// Memory, and loops of C over it.
const BOMBS: &[Attack] = &[
    ("rep 1e9", "return string.rep('a', 1e9)", "at most"),
    ("rep by method", "return ('a'):rep(1e9)", "at most"),
    ("rep of nothing", "return string.rep('', 2 ^ 53)", "at most"),
    ("rep of a number", "return string.rep(12345, 1e9)", "at most"),
    ("rep NaN", "return string.rep('a', 0 / 0)", "number"),
    ("rep infinite", "return string.rep('a', math.huge)", "at most"),
    ("rep of rep", "return string.rep(string.rep('a', 60000), 60000)", "at most"),
    ("doubling", "local s = 'a' while true do s = s .. s end", BUDGET),
    ("doubling in pcall", "local s = 'a' while true do pcall(function() s = s .. s end) end", BUDGET),
    ("table that grows", "local t = {} while true do t[#t + 1] = {} end", BUDGET),
    ("keys that grow", "local t, n = {}, 0 while true do n += 1 t['k' .. n] = n end", BUDGET),
    (
        "closures that grow",
        "local f = function() end while true do local g = f f = function() return g() end end",
        BUDGET,
    ),
    (
        "concat bomb",
        "local t = {} for i = 1, 4000 do t[i] = string.rep('a', 60000) end return table.concat(t)",
        BUDGET,
    ),
    ("concat of many", "local t = {} for i = 1, 1e5 do t[i] = i + 0.5 end return table.concat(t)", "at most"),
    ("concat of a range", "return table.concat({}, 'x', 1, 2 ^ 31 - 1)", "at most"),
    ("create", "return table.create(2 ^ 26, 0)", "at most"),
    ("create negative", "return table.create(-1)", "out of range"),
    ("move bomb", "return table.move({}, 1, 2 ^ 31 - 2, 2, {})", "at most"),
    ("move backwards", "return table.move({}, -2 ^ 31, 2 ^ 31 - 2, 1)", "at most"),
    ("unpack", "return select('#', table.unpack({}, 1, 1e8))", "at most"),
    ("unpack by its old name", "return select('#', unpack({}, 1, 1e8))", "at most"),
    ("sort without order", "local t = {} for i = 1, 20000 do t[i] = i % 7 end table.sort(t)", "at most"),
    (
        "sort with a liar",
        "local t = {} for i = 1, 4000 do t[i] = i end while true do table.sort(t, function() return true end) end",
        "invalid order",
    ),
    (
        "sort of long texts",
        "local s = 'a' for i = 1, 20 do s = s .. s end local a, b = s .. 'b', s .. 'c' local t = {} for i = 1, 4000, 2 do t[i] = b t[i + 1] = a end while true do table.sort(t) end",
        BUDGET,
    ),
    ("insert at the front", "local t = {} while true do table.insert(t, 1, 1) end", BUDGET),
    ("format", "local s = string.rep('a', 60000) while true do s = string.format('%s%s', s, s) end", BUDGET),
    ("format wide", "return string.format('%99999d', 1)", "format"),
    (
        "upper of a long text",
        "local s = 'a' for i = 1, 21 do s = s .. s end while true do s:upper() end",
        BUDGET,
    ),
    ("buffer", "return buffer.create(2 ^ 30)", "there is no `"),
    ("buffers that grow", "local t = {} while true do t[#t + 1] = buffer.create(1e6) end", "there is no `"),
    ("vector", "return vector.create(1, 2, 3)", "there is no `"),
    ("string.pack", "return string.pack('c2147483647', 'x')", "nil"),
    (
        "many parts of plans",
        "local t = {} while true do t[#t + 1] = all { 'password', 'email' } end",
        "more than",
    ),
    ("many misspelt factors", "while true do pcall(prove, { 'emial' }) end", BUDGET),
    (
        "many misspelt globals",
        "local function stray() return escalat end while true do pcall(stray) end",
        BUDGET,
    ),
    (
        "many readings of a big table",
        "local t = {} for i = 1, 5e4 do t[i] = 'email' end while true do pcall(prove, t) end",
        BUDGET,
    ),
    ("many verdicts", "while true do pcall(deny, string.rep('a', 1000)) end", BUDGET),
];

/// What must not be there, and what must not be changed.
const BREAKOUTS: &[Attack] = &[
    ("loadstring", "return loadstring('return 1')()", "there is no `"),
    ("load", "return load('return 1')()", "there is no `"),
    ("dofile", "return dofile('/etc/passwd')", "there is no `"),
    ("loadfile", "return loadfile('/etc/passwd')", "there is no `"),
    ("os.exit", "os.exit(0)", "there is no `"),
    ("os.time", "return os.time()", "there is no `"),
    ("os.clock", "return os.clock()", "there is no `"),
    ("io.open", "return io.open('/etc/passwd')", "there is no `"),
    ("io.popen", "return io.popen('id')", "there is no `"),
    ("package", "return package.loaded", "there is no `"),
    ("debug", "return debug.info(1, 's')", "there is no `"),
    ("getfenv", "return getfenv(0)", "there is no `"),
    ("setfenv", "setfenv(1, {})", "there is no `"),
    ("newproxy", "return newproxy(true)", "there is no `"),
    ("collectgarbage", "return collectgarbage('count')", "there is no `"),
    ("gcinfo", "return gcinfo()", "there is no `"),
    ("print", "print('x')", "there is no `"),
    ("_G", "_G.prove = nil", "there is no `"),
    ("_VERSION", "return #_VERSION", "there is no `"),
    ("math.random", "return math.random()", "nil value"),
    ("math.randomseed", "math.randomseed(1)", "nil value"),
    ("string changed", "string.len = function() return 0 end", "readonly"),
    ("string changed raw", "rawset(string, 'len', function() return 0 end)", "readonly"),
    ("table changed", "table.insert = nil", "readonly"),
    ("math changed", "math.pi = 3", "readonly"),
    ("metatable of strings", "getmetatable('').__index = {}", "boolean"),
    ("metatable of strings set", "setmetatable('', {})", "table"),
    ("metatable of a library", "setmetatable(string, { __index = {} })", "readonly"),
    ("library unfrozen", "table.clear(string)", "readonly"),
    ("case changed", "case.reason = 'damaged'", "readonly"),
    ("case deeply changed", "case.account.kind = 'owner'", "readonly"),
    ("case deeply changed raw", "rawset(case.account.has, 'password', true)", "readonly"),
    ("groups changed", "table.insert(case.account.groups, 'admins')", "readonly"),
    ("attributes changed", "case.account.attributes.tier = 'gold'", "readonly"),
    ("proven changed", "case.proven[1] = 'password'", "readonly"),
    ("failures changed", "table.clear(case.failures)", "readonly"),
    ("metatable on the case", "setmetatable(case, { __index = {} })", "readonly"),
    ("metatable of a verdict", "return #getmetatable(prove { 'email' })", "length of a boolean"),
    ("verdict indexed", "return prove({ 'email' }).plan", "index verdict"),
    ("verdict changed", "prove({ 'email' }).plan = {}", "index verdict"),
];

/// Modules that are not there to be had.
const REQUIRES: &[Attack] = &[
    ("up and out", "return require('../secret')", "leave"),
    ("far up and out", "return require('./../../../etc/passwd')", "leave"),
    ("absolute", "return require('/etc/passwd')", "./"),
    ("alias", "return require('@self/x')", "./"),
    ("unprefixed", "return require('x')", "./"),
    ("missing", "return require('./nothing')", "no file"),
    ("no text", "return require(7)", "path"),
    ("table", "return require({})", "path"),
    ("nothing", "return require()", "path"),
    ("with a NUL", "return require('./x\\0.lua')", "no file"),
    ("itself", "return require('./default')", "circle"),
    ("a test", "return require('./some_test')", "no file"),
];

/// Answers that are no verdicts.
const ANSWERS: &[Attack] = &[
    ("nothing", "", "returned nothing"),
    ("forgotten return", "prove { 'email' }", "`return`"),
    ("truth", "return true", "no verdict"),
    ("number", "return 1", "no verdict"),
    ("text", "return 'recovered'", "no verdict"),
    ("function", "return prove", "no verdict"),
    ("forged table", "return { verdict = 'prove', plan = { 'email' } }", "no verdict"),
    ("forged with a metatable", "return setmetatable({ 'email' }, { __type = 'verdict' })", "no verdict"),
    ("table of a verdict", "return { prove { 'email' } }", "no verdict"),
    ("two verdicts", "return prove { 'email' }, prove { 'voice' }", "more than one"),
    ("retry to open", "return retry { after = minutes(1) }", "cannot answer"),
    ("outcome to open", "return outcome {}", "cannot answer"),
    ("empty plan", "return prove {}", "at least one factor"),
    ("empty part", "return prove { 'email', all {} }", "at least one factor"),
    ("unknown factor", "return prove { 'emial' }", "did you mean `email`?"),
    (
        "unknown factor deep down",
        "return prove { 'password', any(1, { 'voice', { 'emial' } }) }",
        "any[2][1]",
    ),
    ("no list", "return prove 'email'", "prove {"),
    ("no list, two texts", "return prove('email', 'voice')", "one argument"),
    ("keys", "return prove { first = 'email' }", "the key `first`"),
    ("key that is a fraction", "return prove { 'email', [1.5] = 'voice' }", "the key `1.5`"),
    ("hole", "return prove { 'email', nil, 'voice', nil, nil, 'totp' }", "hole"),
    ("index far away", "return prove { 'email', [2 ^ 40] = 'voice' }", "hole"),
    ("false in a list", "return prove { 'email', false }", "truth value"),
    ("number in a list", "return prove { 1 }", "a number"),
    ("NaN in a list", "return prove { 0 / 0 }", "a number"),
    ("verdict in a plan", "return prove { 'email', deny 'x' }", "no part of a plan"),
    ("the same twice", "return prove { 'email', 'email' }", "twice"),
    ("any too many", "return any(3, { 'email', 'voice' })", "can never be right"),
    ("any of none", "return any(0, { 'email', 'voice' })", "can never be right"),
    ("any by halves", "return any(1.5, { 'email', 'voice' })", "any(n"),
    ("any NaN", "return any(0 / 0, { 'email', 'voice' })", "any(n"),
    ("any huge", "return any(2 ^ 60, { 'email', 'voice' })", "any(n"),
    ("any negative", "return any(-1, { 'email', 'voice' })", "any(n"),
    ("any without number", "return any { 'email', 'voice' }", "any(n"),
    ("approvals too many", "return approvals(6)", "approvals(n)"),
    ("approvals of none", "return approvals(0)", "approvals(n)"),
    ("approvals by halves", "return approvals(1.5)", "approvals(n)"),
    ("approvals NaN", "return approvals(0 / 0)", "approvals(n)"),
    ("list in itself", "local t = {} t[1] = t return prove(t)", "within itself"),
    ("lists in each other", "local a, b = {}, {} a[1] = b b[1] = a return prove { a, b }", "within itself"),
    ("deep list", "local t = { 'email' } for i = 1, 1000 do t = { t } end return prove(t)", "deeper"),
    (
        "deep parts",
        "local p = all { 'email', 'voice' } for i = 1, 20 do p = all { p, approvals(1) } end return p",
        "deeper",
    ),
    ("list that doubles", "local t = { 'email' } for i = 1, 6 do t = { t, t } end return prove(t)", "parts"),
    (
        "list that doubles for long",
        "local t = { 'email' } for i = 1, 60 do t = { t, t } end return prove(t)",
        "deeper",
    ),
    (
        "parts that double",
        "local p = any(1, { 'email', 'voice' }) for i = 1, 6 do p = any(1, { p, p }) end return p",
        "parts",
    ),
    ("long list", "local t = {} for i = 1, 1000 do t[i] = 'email' end return prove(t)", "parts"),
    ("very long list", "local t = {} for i = 1, 1e5 do t[i] = 'email' end return prove(t)", "parts"),
    ("long name", "return prove { string.rep('a', 60000) }", "no factor"),
    ("name that is no text", "return prove { '\\255\\254' }", "no factor"),
    ("name with lines", "return prove { 'a\\nb' }", "no factor"),
    ("escalate unknown key", "return escalate { to = 'support', becuase = 'x' }", "did you mean `because`?"),
    ("escalate without reason", "return escalate { to = 'support' }", "needs `because`"),
    ("escalate to nobody", "return escalate { because = 'x' }", "needs `to`"),
    ("escalate to a number", "return escalate { to = 7, because = 'x' }", "must be a text"),
    ("escalate empty", "return escalate { to = '', because = 'x' }", "1 to"),
    ("escalate in lines", "return escalate { to = 'support', because = 'a\\nb' }", "control"),
    ("escalate no text", "return escalate { to = 'support', because = '\\255' }", "control"),
    ("giant reason", "return escalate { to = 'support', because = string.rep('a', 60000) }", "1 to"),
    ("giant denial", "return deny(string.rep('a', 60000))", "1 to"),
    ("deny without reason", "return deny {}", "needs `because`"),
    ("deny a number", "return deny(7)", "a table"),
    (
        "deny with a metatable",
        "return deny(setmetatable({}, { __index = { because = 'x' } }))",
        "needs `because`",
    ),
    ("deny with many keys", "local t = {} for i = 1, 1e4 do t['k' .. i] = i end return deny(t)", "the key"),
    ("minutes of nothing", "return retry { after = minutes() }", "minutes(n)"),
    ("minutes NaN", "return retry { after = minutes(0 / 0) }", "minutes(n)"),
    ("minutes negative", "return retry { after = minutes(-1) }", "minutes(n)"),
    ("minutes infinite", "return retry { after = minutes(math.huge) }", "minutes(n)"),
    ("minutes of text", "return retry { after = minutes('1') }", "minutes(n)"),
];

/// Errors of every kind.
const ERRORS: &[Attack] = &[
    ("index of nil", "return case.nothing.at.all", "attempt to index nil"),
    ("error", "error('by design')", "by design"),
    ("error without place", "error('by design', 0)", "by design"),
    ("error table", "error({ code = 1 })", "no text"),
    ("error nil", "error(nil)", "no text"),
    ("error function", "error(function() end)", "no text"),
    ("error verdict", "error(prove { 'email' })", "no text"),
    ("error giant", "error(string.rep('a', 60000))", "aaaa"),
    ("error in lines", "error('a\\nb\\27[31mred')", "a b"),
    ("assert", "assert(false)", "assertion failed"),
    ("assert table", "assert(false, {})", "string expected"),
    ("compare", "return 1 < 'x'", "compare"),
    ("call nil", "return case.undefined()", "call a nil"),
    ("misspelt word", "return escalat { to = 'support', because = 'x' }", "did you mean `escalate`?"),
];

/// Everything that is kept between two decisions would be seen by the second one.
const MEMORIES: &[(&str, &str)] = &[
    ("globals", "if pcall(function() return seen end) then return deny 'kept' end seen = true"),
    ("upvalues", "if counter.value > 0 then return deny 'kept' end counter.value += 1"),
    ("upvalue itself", "if plain > 0 then return deny 'kept' end plain += 1"),
    ("the policy table", "if policy.kept then return deny 'kept' end policy.kept = true"),
    ("a module", "local m = require './lib/m' if m.kept then return deny 'kept' end m.kept = true"),
    ("a module's upvalue", "local m = require './lib/m' if m.count() > 1 then return deny 'kept' end"),
    ("a module's globals", "local m = require './lib/m' if m.global() then return deny 'kept' end"),
    ("the case by pcall", "if case.kept then return deny 'kept' end pcall(rawset, case, 'kept', true)"),
    (
        "the library by pcall",
        "if string.kept then return deny 'kept' end pcall(rawset, string, 'kept', true)",
    ),
    (
        "a weak table",
        "local weak = shared setmetatable(weak, { __mode = 'k' }) if weak.kept then return deny 'kept' end weak.kept = {}",
    ),
    (
        "a metatable of a function's table",
        "if getmetatable(shared) then return deny 'kept' end setmetatable(shared, {})",
    ),
];

/// A set whose `default.lua` asks for password and e-mail, unless the realm is `attack`.
fn set(attack: &str) -> PolicySet {
    let honest = "return { open = function(case) return prove { 'password', 'email' } end }";
    let mut hostile = String::from("local policy, counter, plain, shared = {}, { value = 0 }, 0, {}\n");
    write!(
        hostile,
        "function policy.open(case) if case.account.id == 'probe' then return end {attack} end\nreturn policy"
    )
    .expect("a text can be written to");
    // Where `open` falls through an attack on memory, it answers honestly.
    let module = "local n = 0\nreturn { count = function() n += 1 return n end, global = function() local was = pcall(function() return g end) g = true return was end }";
    let files = [
        ("default.lua", honest),
        ("attack.lua", hostile.as_str()),
        ("lib/m.lua", module),
        ("some_test.lua", "return {}"),
    ];
    let files: BTreeMap<_, _> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let sources = Sources::from_files(files).expect("the files fit");
    PolicySet::load(sources, Budget::default(), &Channels::default())
        .unwrap_or_else(|error| panic!("{attack}: {error}"))
}

fn hostile() -> Question {
    let mut question = question(Hook::Open);
    question.facts.account.realm = "attack".to_owned();
    question
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("positive"),
        u32::try_from(time.tv_nsec).expect("below 1e9"),
    )
}

/// Runs an attack three times, so that the second also meets what the first has left, and an honest question after
/// each.
fn withstand((name, attack, wanted): Attack) -> Result<(), String> {
    let attack = attack.replace("./default", "./attack");
    let set = set(&attack);
    let honest = set.decide(&question(Hook::Open)).verdict;
    let mut interrupts = None;
    for round in 1..=3 {
        let before = thread_time();
        let decision = set.decide(&hostile());
        let took = thread_time().saturating_sub(before);
        let Verdict::Unable { cause } = &decision.verdict else {
            return Err(format!("{name}: round {round} got through: {:?}", decision.verdict));
        };
        if !cause.contains(wanted) {
            return Err(format!("{name}: round {round} failed for another cause: {cause}"));
        }
        if cause.contains("0x") || cause.contains("readmit:") || cause.len() > MAX_CAUSE_BYTES {
            return Err(format!("{name}: round {round} tells of the inside: {cause}"));
        }
        if took > OVER {
            return Err(format!("{name}: round {round} took {took:?}: {cause}"));
        }
        // The clock is no counter, and a text that is already in the machine takes no memory a second time.
        let is_measured = cause.contains("processor time") || cause.contains("memory");
        if !is_measured && *interrupts.get_or_insert(decision.interrupts) != decision.interrupts {
            return Err(format!("{name}: round {round} took another number of interrupts"));
        }
        let after = set.decide(&question(Hook::Open)).verdict;
        if after != honest || !matches!(after, Verdict::Prove { .. }) {
            return Err(format!("{name}: after round {round} the honest answer is {after:?}"));
        }
    }
    Ok(())
}

fn withstand_all(attacks: &[Attack]) {
    let failures: Vec<String> = attacks.iter().filter_map(|attack| withstand(*attack).err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), attacks.len(), failures.join("\n"));
}

#[test]
fn no_loop_outlasts_its_budget() {
    withstand_all(LOOPS);
}

#[test]
fn nothing_outlives_the_interrupt() {
    withstand_all(SURVIVORS);
}

#[test]
fn no_pattern_outlasts_its_budget() {
    withstand_all(PATTERNS);
}

#[test]
fn no_bomb_goes_off() {
    withstand_all(BOMBS);
}

#[test]
fn nothing_breaks_out() {
    withstand_all(BREAKOUTS);
}

#[test]
fn no_file_outside_the_set_can_be_required() {
    withstand_all(REQUIRES);
}

#[test]
fn no_answer_is_taken_for_a_verdict_that_is_none() {
    withstand_all(ANSWERS);
}

#[test]
fn every_error_ends_in_a_readable_cause() {
    withstand_all(ERRORS);
}

/// What a test refuses in other words than a policy: its cases are stand-ins, and no file can require tests.
const IN_OTHER_WORDS: &[(&str, &str)] = &[
    ("case changed", "a case is changed by what happens in it"),
    ("metatable on the case", "cannot change a protected metatable"),
    ("itself", "there is no file hostile_test.lua to require"),
    ("index of nil", "a case has no field `nothing`"),
    ("call nil", "a case has no field `undefined`"),
];

/// Runs an attack inside a test, and an honest test after it in the same file.
fn withstand_in_a_test((name, attack, wanted): Attack) -> Result<(), String> {
    let attack = attack.replace("./default", "./hostile_test");
    let other = IN_OTHER_WORDS.iter().find(|(other, _)| *other == name);
    let wanted = other.map_or(wanted, |(_, words)| words);
    let tests = format!(
        "test('attack', function() local case = open {{}} local function attack() {attack} end attack() end)\n\
         test('after', function() expect(open {{}}:prove('password').open):is {{ 'email' }} end)"
    );
    let honest = "return { open = function(case) return prove { 'password', 'email' } end }";
    let module = "local n = 0\nreturn { count = function() n += 1 return n end }";
    let files = [("default.lua", honest), ("lib/m.lua", module), ("hostile_test.lua", tests.as_str())];
    let files: BTreeMap<_, _> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let sources = Sources::from_files(files).expect("the files fit");
    let suite = Suite::load(&sources).map_err(|error| format!("{name}: {error}"))?;
    let set =
        PolicySet::load(sources, Budget::default(), &Channels::default()).expect("the policy is honest");
    let report = suite.run(&set, &Options { threads: 1, ..Options::default() }, &|_| ());
    let [attacked, after] = report.results.as_slice() else {
        return Err(format!("{name}: {:?}", report.results));
    };
    if after.failure.is_some() {
        return Err(format!("{name}: the test after it fails: {:?}", after.failure));
    }
    let Some(failure) = &attacked.failure else {
        return Err(format!("{name} got through"));
    };
    let message = &failure.message;
    if !message.contains(wanted) {
        return Err(format!("{name} failed for another cause: {message}"));
    }
    if message.contains("0x") || message.contains("readmit:") || message.len() > MAX_CAUSE_BYTES {
        return Err(format!("{name} tells of the inside: {message}"));
    }
    Ok(())
}

#[test]
fn a_file_of_tests_gets_no_further_than_a_policy() {
    // Loops and patterns meet the same meter, with more to spend.
    let attacks = [SURVIVORS, BOMBS, BREAKOUTS, REQUIRES, ERRORS].concat();
    let failures: Vec<String> =
        attacks.iter().filter_map(|attack| withstand_in_a_test(*attack).err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), attacks.len(), failures.join("\n"));
}

#[test]
fn nothing_is_kept_between_decisions() {
    for (name, attack) in MEMORIES {
        let set = set(&format!("{attack} return prove {{ 'password', 'email' }}"));
        for round in 1..=5 {
            let verdict = set.decide(&hostile()).verdict;
            assert!(matches!(verdict, Verdict::Prove { .. }), "{name}: round {round}: {verdict:?}");
        }
    }
}

#[test]
fn the_cause_names_file_and_line() {
    let attacks = [
        "\nreturn prove { 'emial' }",
        "\nwhile true do end",
        "\nlocal t = {} return t.a.b",
        "\nerror { code = 1 }",
        "\nreturn require './nothing'",
        "\nreturn retry { after = minutes(0 / 0) }",
        "\nreturn ('a'):rep(1e9)",
        "\ncase.reason = 'lost'",
    ];
    for attack in attacks {
        let Verdict::Unable { cause } = set(attack).decide(&hostile()).verdict else {
            panic!("{attack} got through");
        };
        assert!(cause.starts_with("attack.lua:3:"), "{attack}: {cause}");
    }
    for answer in ["return 1", "return", "return retry { after = 1 }", "return deny 'x', 1"] {
        let Verdict::Unable { cause } = set(answer).decide(&hostile()).verdict else {
            panic!("{answer} got through");
        };
        assert!(cause.starts_with("attack.lua:2: `open`"), "{answer}: {cause}");
    }
}
