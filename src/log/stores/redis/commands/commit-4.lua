#!lua flags=allow-oom
--[[
  Appends sealed entries to the log and sets the state of the flags they changed, in one act, if and only if the log
  ends where the caller says. A script that fails half way is not rolled back, so nothing is written before every
  check has passed, permissions included.

  Input
    KEYS[1]  log, a stream: id <epoch>-<seq>, fields line, hash
    KEYS[2]  flags, a hash: flag key -> state as JSON
    KEYS[3]  meta, a hash: run_id of the server on which the log's epoch was opened; flags, how many there are. Of a log
             that is signed a stream instead: an instance from before there were signatures writes nothing past it
    KEYS[4]  about, what meta holds, of a log that is signed
    ARGV[1]  write | open (the first entry opens an epoch) | restore (lines that were lost: no server vouches for them)
             | ask (whether it would pass: nothing is written)
    ARGV[2]  id of the expected head, 0-0 for an empty log
    ARGV[3]  its hash
    ARGV[4]  most lines in one answer
    ARGV[5]  most bytes in one answer, but for the first line
    ARGV[6]  signed | '': whether the log is, with these entries
    ARGV[7]  number of entries, then for each: id, line, hash
    ...      then for each flag: key, state as JSON ('' removes it)
  Output
    { 'committed' }
    { 'moved' }                                  opened on another server, or flags are missing: open a new epoch
    { 'conflict', line, ... }                    the log holds the expected head and goes on with these
    { 'lost', reason, last id, length }          empty | gaps | behind | missing | other | cut | foreign
]]
local log, flags, guard = KEYS[1], KEYS[2], KEYS[3]
local is_guarded = redis.call('TYPE', guard).ok == 'stream'
local meta = is_guarded and KEYS[4] or guard
local mode, expected, hash = ARGV[1], ARGV[2], ARGV[3]
local most_lines, most_bytes, count = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])

for key, want in pairs({ [log] = 'stream', [flags] = 'hash', [meta] = 'hash' }) do
  local is = redis.call('TYPE', key).ok
  if is ~= want and is ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. is .. ', not a ' .. want)
  end
end

local function parts(id)
  local epoch, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(seq)
end

local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local last, length = newest and newest[1] or '0-0', redis.call('XLEN', log)
local function lost(reason)
  return { 'lost', reason, last, length }
end

local last_epoch, last_seq = parts(last)
if length == 0 and expected ~= '0-0' then return lost('empty') end
if length ~= last_seq then return lost('gaps') end
-- a write meets this at its first XADD; asking is no act of a kill, and may look
if mode == 'ask' and redis.call('TYPE', log).ok == 'stream' and redis.acl_check_cmd('XINFO', 'STREAM', log) then
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' and info[i + 1] ~= last then return lost('cut') end
  end
end

if last ~= expected or (newest and newest[2][4] ~= hash) then
  local epoch, seq = parts(expected)
  if last_epoch < epoch or (last_epoch == epoch and last_seq < seq) then return lost('behind') end
  if expected ~= '0-0' then
    local held = redis.call('XRANGE', log, expected, expected)[1]
    if not held then return lost('missing') end
    if held[2][4] ~= hash then return lost('other') end
  end
  -- of a signed log the answer ends with a whole commit: the last line of each is signed
  local function is_signed(line) return string.find(string.sub(line, -105), '^,"sig":"') ~= nil end
  local has_commits = is_signed(newest[2][2])
  local answer, bytes, from = { 'conflict' }, 0, expected
  while from ~= last do
    for _, entry in ipairs(redis.call('XRANGE', log, '(' .. from, '+', 'COUNT', 50)) do
      local line = entry[2][2]
      -- what something else wrote is not passed on
      local at_epoch, at_seq = string.match(line, '^{"v":1,"epoch":(%d+),"seq":(%d+),')
      if not at_seq or at_epoch .. '-' .. at_seq ~= entry[1] then
        return #answer > 1 and answer or lost('foreign')
      end
      local is_full = #answer > most_lines or (#answer > 1 and bytes + #line > most_bytes)
      local may_end = not has_commits or #answer > 2 * most_lines or bytes > 2 * most_bytes
      if is_full and (may_end or is_signed(answer[#answer])) then return answer end
      answer[#answer + 1], from, bytes = line, entry[1], bytes + #line
    end
  end
  return answer
end

-- A place is never issued twice: after a restart or a failover this server may have lost entries that others know.
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local held, kept = redis.call('HLEN', flags), redis.call('HGET', meta, 'flags')
local is_whole = kept and held == tonumber(kept) and redis.call('HGET', meta, 'run_id') == run_id
if mode == 'write' and length > 0 and not is_whole then return { 'moved' } end

local may = redis.acl_check_cmd('XADD', log, '1-1', 'line', '')
  and redis.acl_check_cmd('HSET', flags, 'flag', '')
  and redis.acl_check_cmd('HDEL', flags, 'flag')
  and redis.acl_check_cmd('HSET', meta, 'run_id', '')
if not may then return redis.error_reply('NOPERM this user may not XADD, HSET and HDEL on the keys of the service') end
if mode == 'ask' then return { 'committed' } end

for i = 0, count - 1 do
  local at = 8 + i * 3
  local added = redis.pcall('XADD', log, ARGV[at], 'line', ARGV[at + 1], 'hash', ARGV[at + 2])
  if type(added) == 'table' and added.err then
    -- Only the first can fail: where the stream remembers a higher id than its last entry, its end was deleted.
    return i == 0 and string.find(added.err, 'equal or smaller') and lost('cut') or added
  end
end
if ARGV[6] == 'signed' and not is_guarded then
  redis.call('HDEL', guard, 'run_id', 'flags')
  local laid = redis.pcall('XADD', guard, '1-1', 'signed', ARGV[2])
  if type(laid) ~= 'table' then meta = KEYS[4] end
end
if mode == 'restore' then redis.call('HDEL', meta, 'run_id') else redis.call('HSET', meta, 'run_id', run_id) end
for at = 8 + count * 3, #ARGV, 2 do
  if ARGV[at + 1] == '' then redis.call('HDEL', flags, ARGV[at])
  else redis.call('HSET', flags, ARGV[at], ARGV[at + 1]) end
end
redis.call('HSET', meta, 'flags', redis.call('HLEN', flags))
return { 'committed' }
