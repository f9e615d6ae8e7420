"""The small fixed part of every program: it calls steps one after the other, repeats them, and shares them out.

A step's function is ``void f(ptr arguments, i64 begin, i64 end)``. Everything here is told what to do by words of 64
bits that lie one after the other:

=========  ==========================================================================================
a step     function, arguments, begin, end
a move     address of the slot, address of the base, bytes for each turn
a loop     turns, address of its steps, how many, address of its moves, how many, address of the error
a sharing  function, arguments, begin, end, parts, address of the busy word, grain
=========  ==========================================================================================

``run(steps, n, error)`` runs n steps, and stops after the one that made the error word other than 0. ``loop`` and
``parallel`` are the functions of steps whose arguments are a loop's or a sharing's words; they heed no begin and end of
their own. Before turn t a loop puts *base + t · bytes into every slot; what moves in two loops has the outer one's slot
for the inner one's base. A sharing gives [begin, end) to so many threads in pieces of a multiple of `grain`. It starts
none while another one of the same busy word runs: then many callers at once do not multiply their threads. All that
may run at once have one busy word. A thread that has done its piece waits a little for the next one, since to start one
takes as long as some pieces do. It has a line of ``threads`` with the words of its piece and its state: 0, there is no
such thread; 1, it waits; 2, it is called; 3, it does its piece. A piece that was not begun when the caller has done its
own, since another program has the core, the caller does too.
"""

import ctypes
import functools
import os
import sys

from chainrule.compiler.native.cache import cached
from chainrule.compiler.native.engine import Code, compile_module

RUN = """
define void @run(ptr %steps, i64 %n, ptr %error) nounwind {
entry:
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %step, label %done
step:
  %i = phi i64 [ 0, %entry ], [ %next, %step ]
  %record = getelementptr [4 x i64], ptr %steps, i64 %i
  %arguments.at = getelementptr i64, ptr %record, i64 1
  %begin.at = getelementptr i64, ptr %record, i64 2
  %end.at = getelementptr i64, ptr %record, i64 3
  %function = load ptr, ptr %record
  %arguments = load ptr, ptr %arguments.at
  %begin = load i64, ptr %begin.at
  %end = load i64, ptr %end.at
  call void %function(ptr %arguments, i64 %begin, i64 %end)
  %next = add i64 %i, 1
  %failed = load i64, ptr %error
  %right = icmp eq i64 %failed, 0
  %more = icmp slt i64 %next, %n
  %on = and i1 %right, %more
  br i1 %on, label %step, label %done
done:
  ret void
}

define void @loop(ptr %words, i64 %begin, i64 %end) nounwind {
entry:
  %steps.at = getelementptr i64, ptr %words, i64 1
  %n.at = getelementptr i64, ptr %words, i64 2
  %moves.at = getelementptr i64, ptr %words, i64 3
  %count.at = getelementptr i64, ptr %words, i64 4
  %error.at = getelementptr i64, ptr %words, i64 5
  %turns = load i64, ptr %words
  %steps = load ptr, ptr %steps.at
  %n = load i64, ptr %n.at
  %moves = load ptr, ptr %moves.at
  %count = load i64, ptr %count.at
  %error = load ptr, ptr %error.at
  br label %turn
turn:
  %t = phi i64 [ 0, %entry ], [ %t.next, %body ]
  %failed = load i64, ptr %error
  %right = icmp eq i64 %failed, 0
  %left = icmp slt i64 %t, %turns
  %on = and i1 %right, %left
  br i1 %on, label %moving, label %done
moving:
  %m = phi i64 [ 0, %turn ], [ %m.next, %move ]
  %m.left = icmp slt i64 %m, %count
  br i1 %m.left, label %move, label %body
move:
  %record = getelementptr [3 x i64], ptr %moves, i64 %m
  %base.at = getelementptr i64, ptr %record, i64 1
  %bytes.at = getelementptr i64, ptr %record, i64 2
  %slot = load ptr, ptr %record
  %base = load ptr, ptr %base.at
  %bytes = load i64, ptr %bytes.at
  %origin = load i64, ptr %base
  %way = mul i64 %t, %bytes
  %place = add i64 %origin, %way
  store i64 %place, ptr %slot
  %m.next = add i64 %m, 1
  br label %moving
body:
  call void @run(ptr %steps, i64 %n, ptr %error)
  %t.next = add i64 %t, 1
  br label %turn
done:
  ret void
}
"""

LINGER = (
    300  # times that a thread offers its core to others, in wait for its next piece: about a tenth of a millisecond
)
MOST = 64  # threads

PARALLEL = f"""
@busy = global i64 0
@threads = global [{MOST} x [8 x i64]] zeroinitializer, align 64

declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @sched_yield()

define internal ptr @serve(ptr %thread) nounwind {{
entry:
  %arguments.at = getelementptr i64, ptr %thread, i64 1
  %begin.at = getelementptr i64, ptr %thread, i64 2
  %end.at = getelementptr i64, ptr %thread, i64 3
  %state = getelementptr i64, ptr %thread, i64 4
  br label %claim
claim:
  %claimed = cmpxchg ptr %state, i64 2, i64 3 acq_rel acquire
  %mine = extractvalue {{ i64, i1 }} %claimed, 1
  br i1 %mine, label %work, label %look
work:
  %function = load ptr, ptr %thread
  %arguments = load ptr, ptr %arguments.at
  %begin = load i64, ptr %begin.at
  %end = load i64, ptr %end.at
  call void %function(ptr %arguments, i64 %begin, i64 %end)
  store atomic i64 1, ptr %state release, align 8
  br label %look
look:
  %n = phi i64 [ 0, %claim ], [ 0, %work ], [ %n.next, %wait ]
  %now = load atomic i64, ptr %state acquire, align 8
  %called = icmp eq i64 %now, 2
  br i1 %called, label %claim, label %idle
idle:
  %n.next = add i64 %n, 1
  %on = icmp slt i64 %n, {LINGER}
  br i1 %on, label %wait, label %leave
wait:
  %yielded = call i32 @sched_yield()
  br label %look
leave:
  %left = cmpxchg ptr %state, i64 1, i64 0 acq_rel acquire
  %gone = extractvalue {{ i64, i1 }} %left, 1
  br i1 %gone, label %done, label %claim
done:
  ret ptr null
}}

define void @parallel(ptr %words, i64 %ignored, i64 %heedless) nounwind {{
entry:
  %arguments.at = getelementptr i64, ptr %words, i64 1
  %begin.at = getelementptr i64, ptr %words, i64 2
  %end.at = getelementptr i64, ptr %words, i64 3
  %parts.at = getelementptr i64, ptr %words, i64 4
  %busy.at = getelementptr i64, ptr %words, i64 5
  %grain.at = getelementptr i64, ptr %words, i64 6
  %function = load ptr, ptr %words
  %arguments = load ptr, ptr %arguments.at
  %begin = load i64, ptr %begin.at
  %end = load i64, ptr %end.at
  %cores = load i64, ptr %parts.at
  %busy = load ptr, ptr %busy.at
  %grain = load i64, ptr %grain.at
  %handle = alloca i64
  %few = icmp slt i64 %cores, {MOST}
  %parts = select i1 %few, i64 %cores, i64 {MOST}
  %got = cmpxchg ptr %busy, i64 0, i64 1 acq_rel monotonic
  %free = extractvalue {{ i64, i1 }} %got, 1
  br i1 %free, label %share, label %alone
alone:
  call void %function(ptr %arguments, i64 %begin, i64 %end)
  ret void
share:
  %length = sub i64 %end, %begin
  %grain.less = sub i64 %grain, 1
  %grains.up = add i64 %length, %grain.less
  %grains = sdiv i64 %grains.up, %grain
  %parts.less = sub i64 %parts, 1
  %each.up = add i64 %grains, %parts.less
  %each = sdiv i64 %each.up, %parts
  %size = mul i64 %each, %grain
  br label %start
start:
  %p = phi i64 [ 1, %share ], [ %p.next, %started ]
  %way = mul i64 %p, %size
  %first = add i64 %begin, %way
  %p.left = icmp slt i64 %p, %parts
  %some = icmp slt i64 %first, %end
  %go = and i1 %p.left, %some
  br i1 %go, label %give, label %own
give:
  %stop.far = add i64 %first, %size
  %stop.in = icmp slt i64 %stop.far, %end
  %stop = select i1 %stop.in, i64 %stop.far, i64 %end
  %thread = getelementptr [8 x i64], ptr @threads, i64 %p
  %thread.arguments = getelementptr i64, ptr %thread, i64 1
  %thread.begin = getelementptr i64, ptr %thread, i64 2
  %thread.end = getelementptr i64, ptr %thread, i64 3
  %thread.state = getelementptr i64, ptr %thread, i64 4
  store ptr %function, ptr %thread
  store ptr %arguments, ptr %thread.arguments
  store i64 %first, ptr %thread.begin
  store i64 %stop, ptr %thread.end
  %call = cmpxchg ptr %thread.state, i64 1, i64 2 acq_rel acquire
  %heard = extractvalue {{ i64, i1 }} %call, 1
  br i1 %heard, label %started, label %create
create:
  store atomic i64 2, ptr %thread.state release, align 8
  %code = call i32 @pthread_create(ptr %handle, ptr null, ptr @serve, ptr %thread)
  %created = icmp eq i32 %code, 0
  br i1 %created, label %release, label %refused
release:
  %id = load i64, ptr %handle
  %detached = call i32 @pthread_detach(i64 %id)
  br label %started
refused:
  store atomic i64 0, ptr %thread.state release, align 8
  call void %function(ptr %arguments, i64 %first, i64 %stop)
  br label %started
started:
  %p.next = add i64 %p, 1
  br label %start
own:
  %own.far = add i64 %begin, %size
  %own.in = icmp slt i64 %own.far, %end
  %own.stop = select i1 %own.in, i64 %own.far, i64 %end
  call void %function(ptr %arguments, i64 %begin, i64 %own.stop)
  br label %join
join:
  %q = phi i64 [ 1, %own ], [ %q.next, %joined ]
  %q.left = icmp slt i64 %q, %p
  br i1 %q.left, label %look, label %done
look:
  %q.thread = getelementptr [8 x i64], ptr @threads, i64 %q
  %q.state = getelementptr i64, ptr %q.thread, i64 4
  %back = cmpxchg ptr %q.state, i64 2, i64 1 acq_rel acquire
  %q.now = extractvalue {{ i64, i1 }} %back, 0
  switch i64 %q.now, label %joined [ i64 2, label %instead i64 3, label %wait ]
instead:
  %q.begin.at = getelementptr i64, ptr %q.thread, i64 2
  %q.end.at = getelementptr i64, ptr %q.thread, i64 3
  %q.begin = load i64, ptr %q.begin.at
  %q.end = load i64, ptr %q.end.at
  call void %function(ptr %arguments, i64 %q.begin, i64 %q.end)
  br label %joined
wait:
  %yielded = call i32 @sched_yield()
  br label %look
joined:
  %q.next = add i64 %q, 1
  br label %join
done:
  store atomic i64 0, ptr %busy release, align 8
  ret void
}}
"""


def has_threads() -> bool:
    """Whether the runtime has ``parallel`` and its word ``busy``: where threads are POSIX's.

    Examples
    --------
    >>> import os
    >>> has_threads() == (os.name == "posix")
    True
    """
    return sys.platform != "win32"


@functools.cache
def runtime() -> Code:
    """Compile ``run``, ``loop`` and, where it `has_threads`, ``parallel``, once for this process.

    Returns
    -------
    Code
        With the address of each, and of the word ``busy`` that all sharings of this process have in common.

    Examples
    --------
    >>> runtime().address("run") > 0
    True
    """
    if not has_threads():
        return cached(RUN, lambda: compile_module(RUN))
    code = cached(RUN + PARALLEL, lambda: compile_module(RUN + PARALLEL))
    # A child has none of its parent's threads; the one that would end the sharing may be among those it lacks.
    for name, size in (("busy", 8), ("threads", MOST * 64)):
        os.register_at_fork(after_in_child=functools.partial(ctypes.memset, code.address(name), 0, size))
    return code
