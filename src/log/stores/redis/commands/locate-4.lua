#!lua flags=no-writes,allow-oom
--[[
  Says whether the log still holds a head, without carrying any line: asked by every follower several times a second.

  Input
    KEYS[1]  log, a stream: id <epoch>-<seq>, fields line, hash
    KEYS[2]  flags, a hash: flag key -> state as JSON
    KEYS[3]  meta, a hash: flags, how many there are; of a log that is signed a stream
    KEYS[4]  about, the same of a log that is signed
    ARGV[1]  id of the head, 0-0 for an empty log
    ARGV[2]  its hash
    ARGV[3]  'deep' asks too whether the stream remembers a later id than its last entry's
  Output
    { 'held', 'whole', seconds, microseconds }   and what the clock says; without it where the user may not ask
    { 'held', 'bare', seconds, microseconds }    and not all of the flags' state is beside it
    { 'lost', reason, last id, length }          type | empty | gaps | cut | behind | missing | other
]]
local log, flags, meta, id, hash = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
if redis.call('TYPE', meta).ok == 'stream' then meta = KEYS[4] end
local is = redis.call('TYPE', log).ok
if is ~= 'stream' and is ~= 'none' then return { 'lost', 'type', is, 0 } end

local function parts(of)
  local epoch, seq = string.match(of, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(seq)
end

local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local last, length = newest and newest[1] or '0-0', redis.call('XLEN', log)
local function lost(reason)
  return { 'lost', reason, last, length }
end

local last_epoch, last_seq = parts(last)
local epoch, seq = parts(id)
if length == 0 and id ~= '0-0' then return lost('empty') end
if length ~= last_seq then return lost('gaps') end
if ARGV[3] == 'deep' and is == 'stream' and redis.acl_check_cmd('XINFO', 'STREAM', log) then
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' and info[i + 1] ~= last then return lost('cut') end
  end
end
if last_epoch < epoch or (last_epoch == epoch and last_seq < seq) then return lost('behind') end
local function held_and(is)
  local time = redis.acl_check_cmd('TIME') and redis.call('TIME') or {}
  return { 'held', is, time[1], time[2] }
end
if id == '0-0' then return held_and('whole') end

local held = last == id and newest or redis.call('XRANGE', log, id, id)[1]
if not held then return lost('missing') end
if held[2][4] ~= hash then return lost('other') end

for _, key in ipairs({ flags, meta }) do
  local found = redis.call('TYPE', key).ok
  if found ~= 'hash' and found ~= 'none' then return held_and('bare') end
end
-- no right to look: the next commit says so
local count, kept = redis.pcall('HLEN', flags), redis.pcall('HGET', meta, 'flags')
if type(count) == 'table' or type(kept) == 'table' then return held_and('whole') end
if not kept or count ~= tonumber(kept) then return held_and('bare') end
return held_and('whole')
