"""A test whose processes fail to write now and then, as if their peers had
reset.  It comes to its end as it can; nobody may crash."""
import glob
import os
import signal
import traceback

import proc

EACH = (2, 3, 4, 5, 7, 10, 15, 25, 40, 70, 120, 250)
PATIENCE = 2  # seconds for what will mostly not come
CRASHES = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL,
           -signal.SIGFPE}


def run(work, each, dir):
    reports = os.path.join(dir, "sanitizer")
    os.environ["CULVERT_FAULTS"] = str(each)
    os.environ["ASAN_OPTIONS"] = f"log_path={reports}:detect_leaks=0"
    os.environ["UBSAN_OPTIONS"] = f"log_path={reports}:print_stacktrace=1"
    proc.patience = PATIENCE
    try:
        work(dir)
    except Exception:
        traceback.print_exc()
    proc.end_all()
    crashed = [p.name for p in proc.started
               if p.running() is False and p._child.returncode in CRASHES]
    found = glob.glob(reports + ".*")
    for path in found:
        with open(path, errors="replace") as f:
            print(f.read())
    if crashed or found:
        raise proc.Failure(f"each {each}-th write failed: {crashed} crashed")
