package parked

import (
	"runtime"
	"sync"
)

// Task is work that does not block. A Queue runs it with a buffer that it may use until it returns.
type Task interface{ Run(buffer *[]byte) }

// Queue runs tasks on as many goroutines as there are processors, which exist only while there are tasks. The
// zero value is empty. It is safe for concurrent use.
type Queue struct {
	mu      sync.Mutex
	tasks   []Task
	workers int
}

// Add has a task run.
func (q *Queue) Add(t Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = append(q.tasks, t)
	if q.workers < runtime.GOMAXPROCS(0) {
		q.workers++
		go q.work()
	}
}

// work runs tasks until there are none.
func (q *Queue) work() {
	var buffer []byte
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.tasks) > 0 {
		t := q.tasks[0]
		q.tasks[0], q.tasks = nil, q.tasks[1:]
		q.mu.Unlock()
		t.Run(&buffer)
		q.mu.Lock()
	}
	q.tasks = nil
	q.workers--
}
