import { testRandomPrograms } from './random.js'

testRandomPrograms('sqlite')
