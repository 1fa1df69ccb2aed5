package embedpg

import (
	"os"
	"syscall"
)

// killedWithParent is true: the kernel stops PostgreSQL when this process dies.
const killedWithParent = true

// sysProcAttr puts PostgreSQL into a process group of its own, so that Ctrl-C reaches only this process,
// which stops PostgreSQL when it has finished with it. If this process is killed, PostgreSQL shuts down
// cleanly.
func sysProcAttr(account identity) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	switch account.mode {
	case asAccount:
		attr.Credential = &syscall.Credential{Uid: uint32(account.uid), Gid: uint32(account.gid)}
	case asNamespace:
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: account.uid, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: account.gid, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}
