package app

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/store"
)

// jobStatesInterval is how often a server reads the state of the jobs for its metrics.
const jobStatesInterval = time.Minute

// jobStates is the state of the jobs on the database, as the server last read it.
type jobStates struct {
	store *store.Store
	jobs  []jobs.Job // of which one server runs each
	list  atomic.Pointer[[]store.Job]
}

// job returns the job that reads the state.
func (s *jobStates) job() jobs.Job {
	return jobs.Job{Name: "job_states", Interval: jobStatesInterval, Run: func(ctx context.Context) ([]any, error) {
		list, err := s.store.ListJobs(ctx)
		if err == nil {
			s.list.Store(&list)
		}
		return nil, err
	}}
}

// find returns the state of a job, which is the zero Job if it has never run.
func (s *jobStates) find(name string) store.Job {
	list := s.list.Load()
	if list == nil {
		return store.Job{}
	}
	if i := slices.IndexFunc(*list, func(j store.Job) bool { return j.Name == name }); i >= 0 {
		return (*list)[i]
	}
	return store.Job{}
}

func (s *jobStates) addMetrics(m *telemetry.Metrics) {
	for _, j := range s.jobs {
		m.RegisterGauge("sevenp_job_interval_seconds", "Time between two runs of a job, of which one server runs each.",
			j.Interval.Seconds, "job", j.Name)
		m.RegisterGauge("sevenp_job_last_success_timestamp_seconds", "When a job last succeeded on any server, as Unix time; 0 for never.",
			func() float64 {
				if at := s.find(j.Name).SucceededAt; at != nil {
					return float64(at.UnixMilli()) / 1000
				}
				return 0
			}, "job", j.Name)
		m.RegisterGauge("sevenp_job_last_duration_seconds", "How long the last run of a job took.",
			func() float64 { return s.find(j.Name).Duration.Seconds() }, "job", j.Name)
		m.RegisterGauge("sevenp_job_failures", "Runs of a job that failed since its last success.",
			func() float64 { return float64(s.find(j.Name).Failures) }, "job", j.Name)
	}
}
