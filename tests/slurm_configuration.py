"""The files that configure a Slurm cluster for tests."""

import os
import platform
from pathlib import Path

NAME = "imagestudy-test"
NODES = ("n1", "n2")
ACCOUNT = "study"
DATABASE_PORT = 17011
MEMORY_CGROUP = Path("/sys/fs/cgroup/memory")

SLURM = """
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=17000
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/controller
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/%n
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
AuthType=auth/munge
# How long a job that lost its node waits before it starts again.
AuthInfo=cred_expire=10
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=20
KillWait=2
MinJobAge=300
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
{memory_limits}
{accounting}
{nodes}
PartitionName=main Nodes=ALL Default=YES
PartitionName=gpu Nodes=ALL
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=8000 "
    "Gres=gpu:1"
)
# A job that takes more memory than it asked for is killed by the kernel where Slurm can ask it to,
# otherwise by Slurm, which looks once a second.
BY_KERNEL = "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup"
BY_SLURM = (
    "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherParams=OverMemoryKill"
)
CGROUP = "CgroupPlugin=cgroup/v1\nConstrainRAMSpace=yes\n"
ACCOUNTING = """
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=17010
AccountingStorageEnforce=associations
"""
SLURMDBD = f"""
DbdHost={{host}}
DbdAddr=127.0.0.1
DbdPort=17010
SlurmUser=root
PidFile={{folder}}/slurmdbd.pid
LogFile={{folder}}/slurmdbd.log
AuthType=auth/munge
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={DATABASE_PORT}
StorageUser=slurm
StoragePass=throw-away
"""


def configuration(folder: Path, *, accounting: bool) -> dict[str, str]:
    """The texts of the files, by their names, of a cluster that keeps everything in `folder`."""
    host = platform.node()
    by_kernel = os.access(MEMORY_CGROUP, os.W_OK)
    nodes = [
        NODE.format(name=name, host=host, port=17001 + number) for number, name in enumerate(NODES)
    ]
    gpus = [f"NodeName={name} Name=gpu File={folder}/gpu-{name}\n" for name in NODES]
    return {
        "slurm.conf": SLURM.format(
            name=NAME,
            host=host,
            folder=folder,
            memory_limits=BY_KERNEL if by_kernel else BY_SLURM,
            accounting=ACCOUNTING if accounting else "",
            nodes="\n".join(nodes),
        ),
        "gres.conf": "".join(gpus),
        "cgroup.conf": CGROUP if by_kernel else "",
        "slurmdbd.conf": SLURMDBD.format(host=host, folder=folder),
    }
