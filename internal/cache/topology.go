package cache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// clients returns the clients of all uses.
func (r *Redis) clients() []redis.UniversalClient {
	return []redis.UniversalClient{r.client, r.large, r.probe}
}

// reloadTopology reads in the background which nodes of a cluster are masters, after a use has failed.
// go-redis does so after some failures only: not if a master is gone, or a command was sent to a node.
func (r *Redis) reloadTopology() {
	for _, c := range r.clients() {
		if cluster, ok := c.(*redis.ClusterClient); ok {
			cluster.ReloadState(r.closing) // at most every 200 ms
		}
	}
}

// reconnectCluster makes the clients of uses read which nodes of a cluster are masters, if a use has failed
// before the check of the third client succeeded.
func (r *Redis) reconnectCluster(ctx context.Context) {
	if !r.breaker.isSuspected() && !r.breaker.isOpen() {
		return
	}
	for _, c := range []redis.UniversalClient{r.client, r.large} {
		if cluster, ok := c.(*redis.ClusterClient); ok {
			limited, cancel := context.WithTimeout(ctx, r.maxDeadline())
			_ = cluster.ForEachMaster(limited, func(context.Context, *redis.Client) error { return nil }) // reloads
			cancel()
		}
	}
}

// forEachMaster runs a function on the server, or concurrently on all masters of a cluster.
func forEachMaster(ctx context.Context, client redis.UniversalClient, run func(context.Context, *redis.Client) error) error {
	if cluster, ok := client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, run)
	}
	return run(ctx, client.(*redis.Client))
}
