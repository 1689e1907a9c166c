#!lua flags=allow-oom
--[[
  Appends sealed entries to the log and sets the state of the flags they changed, in one act, if and only if the log
  ends where the caller says. A script that fails half way is not rolled back, so nothing is written before every
  check has passed, permissions included.

  Input
    KEYS[1]  log, a stream: id <epoch>-<seq>, fields line, hash
    KEYS[2]  flags, a hash: flag key -> state as JSON
    KEYS[3]  meta, a hash: run_id of the server on which the log's epoch was opened; flags, how many there are
    ARGV[1]  write | open (the first entry opens an epoch) | restore (lines that were lost: no server vouches for them)
    ARGV[2]  id of the expected head, 0-0 for an empty log
    ARGV[3]  its hash
    ARGV[4]  most lines in one answer
    ARGV[5]  most bytes in one answer, but for the first line
    ARGV[6]  number of entries, then for each: id, line, hash
    ...      then for each flag: key, state as JSON ('' removes it)
  Output
    { 'committed' }
    { 'moved' }                                  opened on another server, or flags are missing: open a new epoch
    { 'conflict', line, ... }                    the log holds the expected head and goes on with these
    { 'lost', reason, last id, length }          empty | gaps | behind | missing | other | cut
]]
local log, flags, meta = KEYS[1], KEYS[2], KEYS[3]
local mode, expected, hash = ARGV[1], ARGV[2], ARGV[3]
local most_lines, most_bytes, count = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

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

if last ~= expected or (newest and newest[2][4] ~= hash) then
  local epoch, seq = parts(expected)
  if last_epoch < epoch or (last_epoch == epoch and last_seq < seq) then return lost('behind') end
  if expected ~= '0-0' then
    local held = redis.call('XRANGE', log, expected, expected)[1]
    if not held then return lost('missing') end
    if held[2][4] ~= hash then return lost('other') end
  end
  local answer, bytes, from = { 'conflict' }, 0, expected
  while from ~= last do
    for _, entry in ipairs(redis.call('XRANGE', log, '(' .. from, '+', 'COUNT', 50)) do
      local line = entry[2][2]
      bytes = bytes + #line
      if #answer > most_lines or (#answer > 1 and bytes > most_bytes) then return answer end
      answer[#answer + 1], from = line, entry[1]
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

for i = 0, count - 1 do
  local at = 7 + i * 3
  local added = redis.pcall('XADD', log, ARGV[at], 'line', ARGV[at + 1], 'hash', ARGV[at + 2])
  if type(added) == 'table' and added.err then
    -- Only the first can fail: where the stream remembers a higher id than its last entry, its end was deleted.
    return i == 0 and string.find(added.err, 'equal or smaller') and lost('cut') or added
  end
end
if mode == 'restore' then redis.call('HDEL', meta, 'run_id') else redis.call('HSET', meta, 'run_id', run_id) end
for at = 7 + count * 3, #ARGV, 2 do
  if ARGV[at + 1] == '' then redis.call('HDEL', flags, ARGV[at])
  else redis.call('HSET', flags, ARGV[at], ARGV[at + 1]) end
end
redis.call('HSET', meta, 'flags', redis.call('HLEN', flags))
return { 'committed' }
