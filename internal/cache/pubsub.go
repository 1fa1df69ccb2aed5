package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// pingAfter is how long a subscription waits for a message before it pings Redis. After as long
	// again without a reply the connection is treated as lost. Otherwise a dead connection would
	// remain for minutes.
	pingAfter = 2 * time.Second

	// resubscribeDelay is the wait before the next attempt to subscribe.
	resubscribeDelay = 250 * time.Millisecond
)

// Publish sends a message to all current subscribers of the database's channel, including those of
// this process.
// It returns an error if Redis did not accept the message; it does not report who received it.
func (r *Redis) Publish(ctx context.Context, channel, message string) error {
	return r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		return c.Publish(ctx, r.PrefixedKey(channel), message).Err()
	})
}

// Subscribe calls receive with each message of the database's channel, one after the other, until the
// context ends; it subscribes again after each lost connection and in each new namespace. It calls
// joined whenever it begins to receive: messages may have been missed before.
func (r *Redis) Subscribe(ctx context.Context, channel string, receive func(message string), joined func()) {
	for ctx.Err() == nil {
		r.receiveMessages(ctx, channel, receive, joined)
		select {
		case <-ctx.Done():
		case <-time.After(resubscribeDelay):
		}
	}
}

// CheckSubscription subscribes to a channel once. Its error is a Problem, or that of the context.
func (r *Redis) CheckSubscription(ctx context.Context, channel string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	joined := make(chan struct{}, 1)
	go r.Subscribe(ctx, channel, func(string) {}, func() {
		select {
		case joined <- struct{}{}:
		default:
		}
	})
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-joined:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			if denied := r.subscriptionDenied.Load(); denied != nil {
				return newProblem(*denied)
			}
		}
	}
}

// receiveMessages runs Subscribe on one connection until it is lost, in one namespace.
func (r *Redis) receiveMessages(ctx context.Context, channel string, receive func(message string), joined func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := r.namespace.Load()
	s := r.client.Subscribe(ctx, n.prefix+channel)
	go func() { // a blocked read does not return when the context ends
		select {
		case <-ctx.Done():
		case <-n.replaced:
		}
		_ = s.Close()
	}()
	pinged := false
	for {
		received, err := s.ReceiveTimeout(ctx, pingAfter)
		if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() && !pinged {
			pinged, err = true, s.Ping(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			if isReply(err) {
				r.subscriptionDenied.Store(&err)
				r.openBreaker(ctx, err)
			}
			return
		}
		pinged = false
		switch received := received.(type) {
		case *redis.Subscription:
			r.subscriptionDenied.Store(nil)
			joined()
		case *redis.Message:
			receive(received.Payload)
		}
	}
}
