package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/observe"
)

// pipelineCommand is the name of several commands that are sent together.
const pipelineCommand = "pipeline"

// ObserveCommands has observe called with the name and the duration of each command, and with pipeline for several that
// are sent together. It is called once, before the Redis is used by others.
func (r *Redis) ObserveCommands(observe func(command string, d time.Duration)) {
	r.client.AddHook(commandHook(observe))
	r.large.AddHook(commandHook(observe))
}

// commandHook observes the commands of a client.
type commandHook func(command string, d time.Duration)

var _ redis.Hook = commandHook(nil)

// DialHook implements redis.Hook.
func (commandHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (h commandHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, cmd)
		h(cmd.Name(), time.Since(begun))
		addCommand(ctx, cmd.Name(), begun, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h commandHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, commands)
		h(pipelineCommand, time.Since(begun))
		addCommand(ctx, pipelineCommand, begun, err)
		return err
	}
}

// addCommand adds a command to the operation of a context. A key that is absent is no error.
func addCommand(ctx context.Context, name string, begun time.Time, err error) {
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	observe.From(ctx).AddEvent(observe.CommandEvent, name, begun, err)
}
