"""Batches drawn ahead by processes of their own. A batch is arrays of fixed shapes in one buffer: one copy brings it to the
device, always to the same place, which is what a graph reads from."""

import multiprocessing
import os
import signal
import sys
import traceback

import numpy as np
import torch

# Bytes that every array begins at a multiple of.
ALIGNED = 256
# Batches on their way to the device at once.
SLOTS = 4


class Layout:
    """Where each array lies in a buffer; `arrays` are (dtype, shape) by name."""

    def __init__(self, arrays: dict[str, tuple]):
        self.places, self.size = {}, 0
        for name, (dtype, shape) in arrays.items():
            dtype, count = np.dtype(dtype), int(np.prod(shape))
            self.places[name] = (dtype, shape, self.size, count * dtype.itemsize)
            self.size += -(-count * dtype.itemsize // ALIGNED) * ALIGNED

    def in_array(self, buffer: np.ndarray) -> dict[str, np.ndarray]:
        places = self.places.items()
        return {name: buffer[at : at + size].view(dtype).reshape(shape) for name, (dtype, shape, at, size) in places}

    def in_tensor(self, buffer: torch.Tensor) -> dict[str, torch.Tensor]:
        places = self.places.items()
        return {
            name: buffer[at : at + size].view(getattr(torch, dtype.name)).view(shape)
            for name, (dtype, shape, at, size) in places
        }


class Feed:
    """`drawer(number)` makes, in the process of that number, the function that fills a batch's arrays."""

    def __init__(self, arrays: dict[str, tuple], drawer, processes: int, device: torch.device):
        self.layout = Layout(arrays)
        self.pipes, self.processes = [], []
        context = multiprocessing.get_context("fork")
        for number in range(processes):
            ours, theirs = context.Pipe(duplex=False)
            self.pipes.append(ours)
            process = context.Process(target=self._draw, args=(drawer, number, theirs), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
        self.cuda = device.type == "cuda"
        self.waiting = [torch.empty(self.layout.size, dtype=torch.uint8, pin_memory=self.cuda) for _ in range(SLOTS)]
        self.copied = [torch.cuda.Event() for _ in range(SLOTS)] if self.cuda else []
        self.buffer = torch.zeros(self.layout.size, dtype=torch.uint8, device=device)
        self.batch = self.layout.in_tensor(self.buffer)
        self.turn = 0

    def _draw(self, drawer, number: int, pipe):
        """The work of a process, until nobody reads on or it is ended. Nothing here touches the GPU."""
        # Ctrl-C goes to every process of the terminal, and is for the one that writes the checkpoint; SIGTERM is for this one alone.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # With a reading end of its own it would not notice that nobody reads any more.
        for ours in self.pipes:
            ours.close()
        torch.set_num_threads(1)
        buffer = np.zeros(self.layout.size, np.uint8)
        try:
            draw = drawer(number)
            while True:
                draw(self.layout.in_array(buffer))
                pipe.send_bytes(buffer)
        except BrokenPipeError:
            pass
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(0)

    def next(self) -> dict[str, np.ndarray]:
        """Brings the next batch to `self.batch`; its arrays here. EOFError when the process that draws has failed."""
        slot = self.turn % SLOTS
        if self.cuda:
            self.copied[slot].synchronize()
        here = self.waiting[slot].numpy()
        self.pipes[self.turn % len(self.pipes)].recv_bytes_into(here)
        self.buffer.copy_(self.waiting[slot], non_blocking=True)
        if self.cuda:
            self.copied[slot].record()
        self.turn += 1
        return self.layout.in_array(here)

    def close(self):
        for process in self.processes:
            process.kill()
        for pipe in self.pipes:
            pipe.close()
