package telemetry

// clientSeries are the series of requests by client.
type clientSeries struct {
	named       map[string]*series
	other, none *series // of names without series, and of clients that send no name
}

func newClientSeries(m *Metrics, names []string) clientSeries {
	durations := m.histogram("sevenp_graphql_client_duration_seconds", "Durations of GraphQL requests by client: a name of METRICS_CLIENTS, other or none.",
		durationBuckets, "client")
	errors := m.counter("sevenp_graphql_client_errors_total", "GraphQL requests by client whose response has errors.", "client")
	newSeries := func(label string) *series {
		return &series{durations.WithLabelValues(label), errors.WithLabelValues(label)}
	}
	s := clientSeries{named: map[string]*series{}, other: newSeries(labelOther), none: newSeries(labelNone)}
	for _, name := range names {
		s.named[name] = newSeries(name)
	}
	return s
}

// find returns the series of a client.
func (s *clientSeries) find(name string) *series {
	if name == "" {
		return s.none
	}
	if found := s.named[name]; found != nil {
		return found
	}
	return s.other
}
