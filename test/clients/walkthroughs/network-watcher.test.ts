import { walkthrough } from './walkthrough.ts';

walkthrough('network-watcher.md');
